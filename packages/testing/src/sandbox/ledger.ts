import type { DialectName, IssuedTokens, TokenCall } from './dialect.js';
import type { FaultKind } from './faults.js';
import { sandboxFingerprint } from './fingerprint.js';

/** One token request as the sandbox saw it; tokens by their fingerprints alone. @public */
export interface LedgerItem {
  /** When it came in, epoch ms on the sandbox's own clock. */
  readonly at: number;
  readonly dialect: DialectName;
  /** In the words of RFC 6749; as it was sent when that is not one of them. */
  readonly grant: string;
  readonly clientId?: string;
  readonly subject?: string;
  /** The refresh token that was sent. */
  readonly refreshToken?: string;
  /** Of the answer, also of one that a fault kept back; 0 when the request was not acted on and nothing was answered. */
  readonly status: number;
  readonly error?: string;
  /** A spent refresh token came again, outside its grace. */
  readonly reuse?: true;
  readonly fault?: FaultKind;
  readonly issued?: {
    readonly accessToken: string;
    readonly refreshToken?: string;
    /** When the access token ends, epoch ms on the sandbox's own clock. */
    readonly expiresAt: number;
  };
}

/** Old items make room, so that a sandbox can run for weeks. */
const MOST_ITEMS = 100_000;

/** What was sent instead of a grant is not repeated at length. */
const MOST_GRANT_CHARACTERS = 64;

/**
 * Every token request in the order of arrival.
 *
 * @internal
 */
export class Ledger {
  #items: LedgerItem[] = [];

  add(item: LedgerItem): void {
    this.#items.push(item);
    if (this.#items.length > MOST_ITEMS) this.#items.shift();
  }

  items(): readonly LedgerItem[] {
    return [...this.#items];
  }

  clear(): void {
    this.#items = [];
  }
}

/** What a ledger item tells of the request alone. @internal */
export function describeCall(
  call: TokenCall,
): Pick<LedgerItem, 'grant' | 'clientId' | 'subject' | 'refreshToken'> {
  return {
    grant: call.grant.slice(0, MOST_GRANT_CHARACTERS),
    ...(call.clientId === undefined ? {} : { clientId: call.clientId }),
    ...(call.user === undefined ? {} : { subject: call.user.name }),
    ...(call.refreshToken === undefined
      ? {}
      : { refreshToken: sandboxFingerprint(call.refreshToken) }),
  };
}

/** What a ledger item tells of issued tokens. @internal */
export function describeIssued(tokens: IssuedTokens): NonNullable<LedgerItem['issued']> {
  return {
    accessToken: sandboxFingerprint(tokens.accessToken),
    ...(tokens.refreshToken === undefined
      ? {}
      : { refreshToken: sandboxFingerprint(tokens.refreshToken) }),
    expiresAt: tokens.expiresAt,
  };
}
