import { setTimeout as sleep } from 'node:timers/promises';

import { machineTime } from './statistics.mjs';

/**
 * What came of one wave of callers in one process; times are the machine's monotonic time, ms.
 *
 * @typedef {{ startedAt: number, lastAt: number, failures: number, firstFailure?: string }} Wave
 */

/**
 * Calls so often in the same turn, and waits for all of them.
 *
 * @param {number} callers
 * @param {number} at when to begin, by the machine's monotonic time, ms
 * @param {() => Promise<unknown>} call
 * @returns {Promise<Wave>}
 */
export async function callAtOnce(callers, at, call) {
  await sleep(at - machineTime());
  const startedAt = machineTime();
  const results = await Promise.allSettled(Array.from({ length: callers }, call));
  const lastAt = machineTime();
  const failed = results.filter((result) => result.status === 'rejected');
  const [first] = failed;
  const wave = { startedAt, lastAt, failures: failed.length };
  return first === undefined ? wave : { ...wave, firstFailure: String(first.reason) };
}
