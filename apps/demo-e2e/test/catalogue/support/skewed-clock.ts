import type { Clock, Timer } from '@oauth-token/core';

/** The clock of another machine: it goes with the given one, and can be set apart from it by a test. */
export class SkewedClock implements Clock {
  #offsetMs = 0;

  constructor(private readonly clock: Clock) {}

  /** Sets it so far ahead, or back. A store counts by its monotonic clock, so that is set as well. */
  set(offsetMs: number): void {
    this.#offsetMs = offsetMs;
  }

  now(): number {
    return this.clock.now() + this.#offsetMs;
  }

  monotonic(): number {
    return this.clock.monotonic() + this.#offsetMs;
  }

  setTimer(callback: () => void, delayMs: number): Timer {
    return this.clock.setTimer(callback, delayMs);
  }
}
