import type { Clock, Timer } from '@oauth-token/core';

/** A clock that stands still until it is moved. */
export class ManualClock implements Clock {
  #now = Date.parse('2026-05-04T12:00:00Z');
  readonly #timers = new Set<{ readonly at: number; readonly ring: () => void }>();

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#now;
  }

  setTimer(callback: () => void, delayMs: number): Timer {
    const timer = { at: this.#now + delayMs, ring: callback };
    this.#timers.add(timer);
    return {
      cancel: () => {
        this.#timers.delete(timer);
      },
    };
  }

  /** How long until each armed timer rings, ms. */
  get delays(): number[] {
    return [...this.#timers].map(({ at }) => at - this.#now);
  }

  /** Moves on and rings what has come due. */
  advance(ms: number): void {
    this.#now += ms;
    for (const timer of [...this.#timers]) {
      if (timer.at > this.#now || !this.#timers.delete(timer)) continue;
      timer.ring();
    }
  }
}
