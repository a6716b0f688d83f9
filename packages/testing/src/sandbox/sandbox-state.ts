import { DEFAULT_ACCOUNTS, type SandboxAccounts } from './accounts.js';
import type { DialectName } from './dialect.js';
import { Faults } from './faults.js';
import { Ledger } from './ledger.js';
import { SandboxSettings } from './settings.js';
import { TokenFamilies } from './token-families.js';

/** Everything that a sandbox knows; the endpoints are functions over it. @internal */
export interface SandboxState {
  readonly now: () => number;
  readonly accounts: Readonly<Record<DialectName, SandboxAccounts>>;
  readonly settings: SandboxSettings;
  readonly families: TokenFamilies;
  readonly ledger: Ledger;
  readonly faults: Faults;
}

/** @internal */
export function createState(
  now: () => number,
  accounts: Partial<Record<DialectName, SandboxAccounts>>,
): SandboxState {
  return {
    now,
    accounts: { ...DEFAULT_ACCOUNTS, ...accounts },
    settings: new SandboxSettings(),
    families: new TokenFamilies(now),
    ledger: new Ledger(),
    faults: new Faults(),
  };
}
