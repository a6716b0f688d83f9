import type { TokenStore } from '@oauth-token/core';
import { ManualClock } from '../../clock/manual-clock.js';
import type { ContractCase } from '../contract-case.js';
import { BEGIN_CASES } from './begin-cases.js';
import { COMMIT_CASES } from './commit-cases.js';
import { INDEX_CASES } from './index-cases.js';
import { PUT_CASES } from './put-cases.js';
import { REFUSAL_CASES } from './refusal-cases.js';
import { RESTORE_CASES } from './restore-cases.js';
import { SEALING_CASES } from './sealing-cases.js';
import { SETTLE_CASES } from './settle-cases.js';
import { StoreBench } from './store-bench.js';

/** An empty store under test. @public */
export interface StoreHandle {
  readonly store: TokenStore;
  /** Lets time pass for the store, ms: moves its clock, or waits. */
  advance(ms: number): Promise<void>;
  close(): Promise<void>;
}

/** Makes an empty store for one case, on this clock where it can. @public */
export type MakeStore = (options: { readonly clock: ManualClock }) => Promise<StoreHandle>;

/** What a store under test cannot do. @public */
export interface StoreContractOptions {
  /** Leaves out the cases in which hours pass, for a store that must be waited for. @defaultValue true */
  readonly longTimes?: boolean;
}

/**
 * What every {@link TokenStore} keeps: all verbs with their guards, idempotency, races, the due index, pages, sealing and changes.
 *
 * @public
 */
export function tokenStoreContract(
  makeStore: MakeStore,
  { longTimes = true }: StoreContractOptions = {},
): readonly ContractCase[] {
  const cases = [
    ...BEGIN_CASES,
    ...COMMIT_CASES,
    ...SETTLE_CASES,
    ...PUT_CASES,
    ...REFUSAL_CASES,
    ...RESTORE_CASES,
    ...INDEX_CASES,
    ...SEALING_CASES,
  ];
  return cases
    .filter(({ long }) => longTimes || long !== true)
    .map(({ name, run }) => ({
      name,
      run: async () => {
        const handle = await makeStore({ clock: new ManualClock() });
        try {
          await run(new StoreBench(handle.store, (ms) => handle.advance(ms)));
        } finally {
          await handle.close();
        }
      },
    }));
}
