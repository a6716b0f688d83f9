import type { TokenStore } from '../store/token-store.js';
import type { Clock } from '../timing/clock.js';

/** How long a waiter relies on being told before it looks by itself, ms. */
const POLL_MS = 1_000;

/**
 * Waits for changes of records. Register first, then read, then wait: so no change falls in between.
 *
 * @internal
 */
export class ChangeWaiters {
  readonly #waiting = new Map<string, Set<() => void>>();
  readonly #unsubscribe: () => void;

  constructor(
    store: TokenStore,
    private readonly clock: Clock,
  ) {
    this.#unsubscribe = store.subscribe((change) => {
      if (change.kind === 'gap') this.wakeAll();
      for (const wake of this.#waiting.get(change.id) ?? []) wake();
    });
  }

  /** No more listening to the store. */
  close(): void {
    this.#unsubscribe();
  }

  /** Wakes everyone, whether anything has changed or not. */
  wakeAll(): void {
    for (const waiters of this.#waiting.values()) for (const wake of waiters) wake();
  }

  /** Watches a record until `end` is called. */
  watch(id: string): { changed(timeoutMs: number): Promise<void>; end(): void } {
    let seen = false;
    let wakeUp: (() => void) | undefined;
    const wake = (): void => {
      seen = true;
      wakeUp?.();
    };
    const waiters = this.#waiting.get(id) ?? new Set();
    this.#waiting.set(id, waiters.add(wake));
    return {
      changed: async (timeoutMs) => {
        if (!seen) {
          await new Promise<void>((resolve) => {
            const timer = this.clock.setTimer(resolve, Math.min(timeoutMs, POLL_MS), true);
            wakeUp = () => {
              timer.cancel();
              resolve();
            };
          });
        }
        seen = false;
      },
      end: () => {
        waiters.delete(wake);
        if (waiters.size === 0) this.#waiting.delete(id);
      },
    };
  }
}
