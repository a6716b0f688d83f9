import type { Clock } from './clock.js';

/** A difference between wall and monotonic time that means a suspend or a clock step, ms. */
const DIVERGENCE_MS = 2_000;

/**
 * The store's time between two of its answers: the last answer plus the monotonic time since.
 *
 * A process that was suspended, or whose wall clock was set, shows it by a divergence of both clocks; then the time has to be read
 * anew before a token is served.
 *
 * @internal
 */
export class StoreTime {
  #anchor: { readonly store: number; readonly wall: number; readonly monotonic: number };
  #reading: Promise<void> | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly readStore: () => Promise<number>,
  ) {
    const wall = clock.now();
    this.#anchor = { store: wall, wall, monotonic: clock.monotonic() };
  }

  /** The store's time as far as it is known, whole epoch ms. */
  now(): number {
    return Math.floor(this.#anchor.store + this.clock.monotonic() - this.#anchor.monotonic);
  }

  /** Whether the clocks have parted since the last reading. */
  diverged(): boolean {
    const wall = this.clock.now() - this.#anchor.wall;
    const monotonic = this.clock.monotonic() - this.#anchor.monotonic;
    return Math.abs(wall - monotonic) > DIVERGENCE_MS;
  }

  /** Reads the store's time anew; with the store away the later of the two clocks decides. */
  read(): Promise<void> {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #read(): Promise<void> {
    const wallSince = this.clock.now() - this.#anchor.wall;
    const estimate = Math.max(this.now(), this.#anchor.store + wallSince);
    const store = await this.readStore().catch(() => estimate);
    this.#anchor = { store, wall: this.clock.now(), monotonic: this.clock.monotonic() };
  }
}
