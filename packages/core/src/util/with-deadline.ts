import type { Clock } from '../timing/clock.js';

/**
 * Waits for a promise, but no longer than a deadline or a signal; the promise itself goes on.
 *
 * @internal
 */
export async function withDeadline<T>(
  promise: Promise<T>,
  clock: Clock,
  limitMs: number,
  signal?: AbortSignal,
): Promise<T | 'late' | 'aborted'> {
  let end = (): void => undefined;
  const limit = new Promise<'late' | 'aborted'>((resolve) => {
    const onAbort = (): void => {
      resolve('aborted');
    };
    const onTime = (): void => {
      resolve('late');
    };
    if (signal?.aborted) onAbort();
    signal?.addEventListener('abort', onAbort, { once: true });
    const timer = clock.setTimer(onTime, Math.max(limitMs, 0), true);
    end = () => {
      timer.cancel();
      signal?.removeEventListener('abort', onAbort);
    };
  });
  try {
    return await Promise.race([limit, promise]);
  } finally {
    end();
  }
}
