import { isStoreUnavailableError, type StoreUnavailableError } from '../errors/errors.js';
import type { Clock } from '../timing/clock.js';

/** How long a store that failed is not asked again for a token that is valid, ms. */
const AWAY_MS = 1_000;

/**
 * Remembers for a moment that the store is away, so that not each call waits for it to fail.
 *
 * @internal
 */
export class StoreOutage {
  #until = -Infinity;
  #error: StoreUnavailableError | undefined;

  constructor(private readonly clock: Clock) {}

  note(error: unknown): void {
    if (!isStoreUnavailableError(error)) return;
    this.#until = this.clock.monotonic() + AWAY_MS;
    this.#error = error;
  }

  /** The error of a moment ago. */
  recent(): StoreUnavailableError | undefined {
    return this.clock.monotonic() < this.#until ? this.#error : undefined;
  }
}
