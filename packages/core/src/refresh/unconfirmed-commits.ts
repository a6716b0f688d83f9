import type { TokenRecord } from '../store/token-store.js';
import { backoffDelay } from '../timing/backoff.js';
import type { Clock } from '../timing/clock.js';

/** A commit that the store has not confirmed yet. */
interface Unconfirmed {
  readonly record: TokenRecord;
  readonly confirmed: Promise<void>;
}

/** Longest pause between two tries, ms. */
const LONGEST_PAUSE_MS = 5_000;

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
      this.#waiting.delete(canonical);
    });
    this.#waiting.set(canonical, { record, confirmed });
  }

  /** Waits until all are confirmed. */
  async drain(): Promise<void> {
    await Promise.all([...this.#waiting.values()].map(({ confirmed }) => confirmed));
  }

  /** Gives up: the process ends. */
  end(): void {
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
