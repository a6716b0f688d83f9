import type { Clock } from '@oauth-token/core';

/**
 * Waits for work, but no longer than `limitMs`; the work itself goes on.
 *
 * @returns whether the work ended in time
 * @internal
 */
export async function boundedWait(
  work: Promise<void>,
  limitMs: number,
  clock: Clock,
): Promise<boolean> {
  let stop = (): void => undefined;
  const limit = new Promise<false>((resolve) => {
    const timer = clock.setTimer(() => {
      resolve(false);
    }, limitMs);
    stop = () => {
      timer.cancel();
    };
  });
  try {
    return await Promise.race([work.then(() => true), limit]);
  } finally {
    stop();
  }
}
