import type { FailureOutcome } from '../provider/token-answer.js';
import type { RenewalReason } from '../record/record-state.js';

/** What every event tells. None holds a secret. @public */
export interface TokenEventBase {
  readonly registrationId: string;
  readonly subject?: string;
  /** Epoch ms on the store's clock. */
  readonly at: number;
  readonly version: number;
  /** `fleet` when it is about another replica's work. */
  readonly origin: 'local' | 'fleet';
}

/** New tokens were stored. @public */
export interface TokensStoredEvent extends TokenEventBase {
  readonly provider: string;
  readonly reason: RenewalReason;
  readonly expiresAt: number;
  readonly dueAt: number;
}

/** A renewal failed; the present token, if any, is still served until it ends. @public */
export interface RefreshFailedEvent extends TokenEventBase {
  readonly provider: string;
  readonly reason: RenewalReason;
  readonly outcome: FailureOutcome;
  readonly code: string;
  readonly message: string;
  readonly nextTryAt?: number;
}

/** Nothing here can log in any more. At most once per dead refresh token. @public */
export interface ReauthorizationRequiredEvent extends TokenEventBase {
  readonly provider: string;
  readonly code: string;
  readonly message: string;
}

/** A token in its last stretch was served because its renewal had not come. @public */
export interface StaleServedEvent extends TokenEventBase {
  readonly expiresAt: number;
}

/** An API call met a 401 and was sent again. @public */
export interface RetriedAfter401Event extends TokenEventBase {
  readonly url: string;
  readonly status: number;
}

/** The store came back without what this replica knows, which was put back. @public */
export interface RecordRestoredEvent extends TokenEventBase {
  /** `storeEmpty`: it had no record · `storeBehind`: it had an older one. */
  readonly reason: 'storeEmpty' | 'storeBehind';
}

/** The names of the events and what each tells. @public */
export interface TokenEventMap {
  /** The first tokens of a login. */
  acquired: TokensStoredEvent;
  /** Tokens of the same login were renewed. */
  refreshed: TokensStoredEvent;
  /** The server returned a new refresh token. */
  rotated: TokensStoredEvent;
  refreshFailed: RefreshFailedEvent;
  reauthorizationRequired: ReauthorizationRequiredEvent;
  staleServed: StaleServedEvent;
  retriedAfter401: RetriedAfter401Event;
  /** Another process holds the renewal. */
  lockContended: TokenEventBase;
  /** A renewal of a process that vanished was taken over. */
  orphanFound: TokenEventBase & { readonly owner: string };
  /** The store had lost a record, or gone back behind it. */
  restored: RecordRestoredEvent;
}

type Listener<Event> = (event: Event) => void;

/**
 * Typed events. A listener that throws does not disturb a renewal.
 *
 * @public
 */
export class TokenEvents {
  readonly #listeners = new Map<keyof TokenEventMap, Set<Listener<never>>>();

  /** Calls `listener` at each event of this name; returns the way to stop. */
  on<Name extends keyof TokenEventMap>(
    name: Name,
    listener: Listener<TokenEventMap[Name]>,
  ): () => void {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners);
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  /** @internal */
  emit<Name extends keyof TokenEventMap>(name: Name, event: TokenEventMap[Name]): void {
    for (const listener of this.#listeners.get(name) ?? []) {
      try {
        (listener as Listener<TokenEventMap[Name]>)(event);
      } catch (error) {
        process.emitWarning(
          `A listener of the OAuth token event '${name}' threw: ${String(error)}`,
        );
      }
    }
  }
}
