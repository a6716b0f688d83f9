/** A timer that was armed. @public */
export interface Timer {
  cancel(): void;
}

/**
 * Time as everything here sees it; tests bring their own.
 *
 * @public
 */
export interface Clock {
  /** Wall clock, epoch ms. */
  now(): number;
  /** Monotonic, ms since an arbitrary point; never jumps. */
  monotonic(): number;
  /** Calls back after `delayMs`; keeps the process alive only when someone waits for it (`keepAlive`). */
  setTimer(callback: () => void, delayMs: number, keepAlive?: boolean): Timer;
}

/** The longest delay that a timer of the platform can take, ms. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/**
 * The platform's clock. Delays beyond 2^31 - 1 ms are clamped and armed again, where the platform would fire at once.
 *
 * @public
 */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimer(callback, delayMs, keepAlive = false) {
    let handle: NodeJS.Timeout;
    const arm = (rest: number): void => {
      const step = Math.min(Math.max(rest, 0), MAX_DELAY_MS);
      handle = setTimeout(() => {
        if (rest > step) arm(rest - step);
        else callback();
      }, step);
      if (!keepAlive) handle.unref();
    };
    arm(delayMs);
    return {
      cancel: () => {
        clearTimeout(handle);
      },
    };
  },
};
