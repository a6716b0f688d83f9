import type { Clock, Timer } from '@oauth-token/core';
import { setImmediate as nextTurn } from 'node:timers/promises';

interface ArmedTimer {
  readonly dueAt: number;
  readonly order: number;
  readonly callback: () => void;
}

/** More timers than that in one step mean that one arms itself anew without a delay. */
const MOST_TIMERS_PER_ADVANCE = 100_000;

/**
 * A clock that stands still until a test moves it. Times are ms; timers run on monotonic time.
 *
 * @public
 */
export class ManualClock implements Clock {
  #wall: number;
  // Far from the wall clock's numbers, so that code that confuses the two fails.
  #monotonic = 5_000;
  #armed = 0;
  readonly #timers = new Set<ArmedTimer>();

  /** @param startAt - the first answer of `now()`, epoch ms */
  constructor(startAt: number = Date.UTC(2026, 0, 1)) {
    this.#wall = startAt;
  }

  /** How many timers are waiting. */
  get pendingTimers(): number {
    return this.#timers.size;
  }

  now(): number {
    return this.#wall;
  }

  monotonic(): number {
    return this.#monotonic;
  }

  setTimer(callback: () => void, delayMs: number): Timer {
    const delay = Number.isNaN(delayMs) ? 0 : Math.max(0, delayMs);
    const timer = { dueAt: this.#monotonic + delay, order: this.#armed++, callback };
    this.#timers.add(timer);
    return { cancel: () => this.#timers.delete(timer) };
  }

  /**
   * Moves both clocks, stopping at each timer that falls due on the way: it fires, and what waits on it runs, before the next one.
   *
   * @throws RangeError for a negative step; Error when timers keep arming themselves without a delay
   */
  async advance(ms: number): Promise<void> {
    if (!(ms >= 0)) throw new RangeError(`advance: ${ms} is not a step forwards.`);
    const target = this.#monotonic + ms;
    await nextTurn();
    for (let fired = 0; ; fired += 1) {
      const timer = this.#nextDue(target);
      if (timer === undefined) break;
      if (fired === MOST_TIMERS_PER_ADVANCE) {
        throw new Error(`advance: ${fired} timers fired in one step; one arms itself in a loop.`);
      }
      this.#moveTo(timer.dueAt);
      this.#timers.delete(timer);
      timer.callback();
      await nextTurn();
    }
    this.#moveTo(target);
    await nextTurn();
  }

  /** Moves the wall clock alone, forwards or back: a clock that is set, or a machine that slept. */
  jumpWall(ms: number): void {
    this.#wall += ms;
  }

  /** Moves both clocks while no timer can fire, as for a process that is paused; the next `advance` fires what is overdue. */
  stall(ms: number): void {
    this.#moveTo(this.#monotonic + ms);
  }

  #nextDue(target: number): ArmedTimer | undefined {
    let next: ArmedTimer | undefined;
    for (const timer of this.#timers) {
      if (timer.dueAt > target) continue;
      const earlier =
        next === undefined ||
        timer.dueAt < next.dueAt ||
        (timer.dueAt === next.dueAt && timer.order < next.order);
      if (earlier) next = timer;
    }
    return next;
  }

  #moveTo(monotonic: number): void {
    const step = monotonic - this.#monotonic;
    // An overdue timer fires late; time does not run backwards for it.
    if (step <= 0) return;
    this.#monotonic = monotonic;
    this.#wall += step;
  }
}
