import { setTimeout as sleep } from 'node:timers/promises';

/** How long to wait between two looks, ms. */
const PAUSE_MS = 20;

/**
 * Looks again and again until it has come true.
 *
 * @template T
 * @param {string} what what is waited for, for the error
 * @param {() => Promise<T | false | null | undefined>} look may throw: that is a no
 * @param {number} [timeoutMs]
 * @returns {Promise<T>} the first answer that is not false or nothing
 * @throws an Error when it has not come true in time; its cause is what the last look threw
 */
export async function until(what, look, timeoutMs = 20_000) {
  const deadline = performance.now() + timeoutMs;
  let cause;
  for (;;) {
    try {
      const found = await look();
      if (found !== false && found !== undefined && found !== null) return found;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    if (performance.now() > deadline) {
      throw new Error(`Waited ${timeoutMs / 1000} s in vain: ${what}.`, { cause });
    }
    await sleep(PAUSE_MS);
  }
}
