import { type Clock, systemClock } from '../timing/clock.js';
import { type LockAttempt, RefreshLock } from './refresh-lock.js';

/**
 * A lock within one process, by monotonic time.
 *
 * @public
 */
export class LocalRefreshLock extends RefreshLock {
  readonly #held = new Map<string, { readonly until: number }>();

  constructor(private readonly clock: Clock = systemClock) {
    super();
  }

  override tryAcquire(name: string, ttlMs: number): Promise<LockAttempt> {
    const now = this.clock.monotonic();
    const present = this.#held.get(name);
    if (present !== undefined && present.until > now) return Promise.resolve({ status: 'held' });
    const mine = { until: now + ttlMs };
    this.#held.set(name, mine);
    return Promise.resolve({ status: 'acquired', release: () => this.#release(name, mine) });
  }

  override close(): Promise<void> {
    this.#held.clear();
    return Promise.resolve();
  }

  #release(name: string, mine: { readonly until: number }): Promise<void> {
    if (this.#held.get(name) === mine) this.#held.delete(name);
    return Promise.resolve();
  }
}
