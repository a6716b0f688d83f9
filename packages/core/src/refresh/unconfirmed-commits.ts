import type { TokenRecord } from '../store/token-store.js';
import { backoffDelay } from '../timing/backoff.js';
import type { Clock } from '../timing/clock.js';
import { withDeadline } from '../util/with-deadline.js';

/** A commit that the store has not confirmed yet. */
interface Unconfirmed {
  readonly record: TokenRecord;
  readonly confirmed: Promise<void>;
}

/** Longest pause between two tries, ms: well within the time after which another process would send the spent refresh token. */
const LONGEST_PAUSE_MS = 500;

/** Longest wait for the store when the process ends, ms. */
const LAST_WAIT_MS = 5_000;

/**
 * New tokens whose store went away before it had them: served from memory, and committed as soon as it is back.
 *
 * Their key is not renewed again meanwhile: the next refresh token would be one that nobody else knows.
 *
 * @internal
 */
export class UnconfirmedCommits {
  readonly #waiting = new Map<string, Unconfirmed>();
  #ended = false;

  constructor(
    private readonly clock: Clock,
    private readonly random: () => number,
  ) {}

  /** The tokens of a key whose commit is not confirmed. */
  find(canonical: string): TokenRecord | undefined {
    return this.#waiting.get(canonical)?.record;
  }

  /** Tries to commit until it succeeds; a commit is idempotent, so that one which did arrive does no harm. */
  keep(canonical: string, record: TokenRecord, commit: () => Promise<unknown>): void {
    const confirmed = this.#tryUntilDone(commit).finally(() => {
      if (this.#waiting.get(canonical) === entry) this.#waiting.delete(canonical);
    });
    const entry: Unconfirmed = { record, confirmed };
    this.#waiting.set(canonical, entry);
  }

  /** Somebody has logged in or out: the tokens are not used any more. */
  drop(canonical: string): void {
    this.#waiting.delete(canonical);
  }

  /** Waits a last time until all are confirmed, then gives up: the process ends. */
  async close(): Promise<void> {
    const all = Promise.all([...this.#waiting.values()].map(({ confirmed }) => confirmed));
    await withDeadline(all, this.clock, LAST_WAIT_MS);
    this.#ended = true;
  }

  async #tryUntilDone(commit: () => Promise<unknown>): Promise<void> {
    for (let attempt = 0; !this.#ended; attempt += 1) {
      const pauseMs = Math.min(backoffDelay(attempt, 0, this.random()), LONGEST_PAUSE_MS);
      await new Promise<void>((resolve) => {
        this.clock.setTimer(resolve, pauseMs);
      });
      try {
        await commit();
        return;
      } catch {
        // Still away.
      }
    }
  }
}
