import type { SpillJournal } from '../journal/spill-journal.js';
import type { RefreshLock } from '../lock/refresh-lock.js';
import type { ClientRegistration, RegistrationSource } from '../model/client-registration.js';
import type { FailureOutcome } from '../provider/token-answer.js';
import type { TokenStore } from '../store/token-store.js';
import type { Clock } from '../timing/clock.js';
import type { TokenEndpointTransport } from '../transport/token-endpoint-transport.js';

/** How long things may take. @public */
export interface TimingOptions {
  /** Longest wait of a caller for a renewal, ms. @defaultValue 10000 */
  readonly maxWaitMs?: number;
  /** A token in memory that was compared with the store longer ago (ms) is served while it is compared again. @defaultValue 30000 */
  readonly memoryTrustMs?: number;
}

/** What a token manager is made of. @public */
export interface TokenManagerOptions {
  readonly registrations: readonly ClientRegistration[] | RegistrationSource;
  /** @defaultValue a new `MemoryTokenStore`, closed with the manager */
  readonly store?: TokenStore;
  /** @defaultValue a new `LocalRefreshLock`, closed with the manager */
  readonly lock?: RefreshLock;
  /**
   * Where answers with refresh tokens wait on this machine until the store has them; `false` for none. Over several stores, or several
   * services with the same keys, each needs a folder of its own.
   *
   * @defaultValue a `FileSpillJournal` under the system's folder for state, closed with the manager, when the store is remote
   */
  readonly spill?: SpillJournal | false;
  /** @defaultValue a new `UndiciTokenEndpointTransport`, closed with the manager */
  readonly transport?: TokenEndpointTransport;
  /** @defaultValue the platform's clock */
  readonly clock?: Clock;
  /** From 0 (included) to 1 (excluded). @defaultValue `Math.random` */
  readonly random?: () => number;
  /** Whose token outgoing calls carry that name no subject: the current request's. */
  readonly subject?: () => string | undefined;
  readonly timing?: TimingOptions;
}

/** What became of a renewal that was asked for by hand. @public */
export type RefreshOutcome =
  | {
      readonly outcome: 'refreshed';
      readonly version: number;
      readonly expiresAt: number;
      readonly dueAt: number;
    }
  | {
      readonly outcome: FailureOutcome;
      readonly code: string;
      readonly message: string;
      readonly nextTryAt?: number;
    };
