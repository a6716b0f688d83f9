import { concurrently } from '../harness/concurrently.mjs';
import { keyOf, openStore, plant, TOKEN_KEYS } from '../harness/fleet.mjs';
import { reschedule } from '../harness/layout.mjs';
import { openRedis } from '../harness/setting.mjs';
import { machineTime, median, sum } from '../harness/statistics.mjs';
import { tokenTexts } from '../harness/token-text.mjs';
import { Worker } from '../harness/worker.mjs';

/** @typedef {import('../harness/rows.mjs').Row} Row */
/** @typedef {import('../harness/rows.mjs').Run} Run */
/** @typedef {{ ids: string[], startedAt: number, lastAt: number }} Claims */
/** @typedef {{ twice: number, missed: number, milliseconds: number, leastShare: number }} Measured */

const PROCESSES = 4;
const NOTICE_MS = 50;
const MINUTE_MS = 60_000;

/** @param {readonly Claims[]} all @param {number} due @returns {Measured} */
function judge(all, due) {
  const claimed = sum(all.map(({ ids }) => ids.length));
  const different = new Set(all.flatMap(({ ids }) => ids)).size;
  return {
    twice: claimed - different,
    missed: due - different,
    milliseconds:
      Math.max(...all.map(({ lastAt }) => lastAt)) -
      Math.min(...all.map(({ startedAt }) => startedAt)),
    leastShare: (100 * Math.min(...all.map(({ ids }) => ids.length))) / due,
  };
}

/** @param {number} due @param {readonly Measured[]} all @returns {Row[]} */
function rowsOf(due, all) {
  const tokens = due.toLocaleString('en-US');
  const twice = sum(all.map((measured) => measured.twice));
  const missed = sum(all.map((measured) => measured.missed));
  const least = median(all.map(({ leastShare }) => leastShare));
  return [
    {
      what: 'claimed twice, all runs',
      value: twice,
      unit: '',
      goal: { exactly: 0 },
      gate: true,
    },
    { what: 'missed, all runs', value: missed, unit: '', goal: { exactly: 0 }, gate: true },
    {
      what: `claiming ${tokens} due tokens by ${PROCESSES} processes`,
      value: median(all.map(({ milliseconds }) => milliseconds)),
      unit: 'ms',
      note: 'records read and opened',
    },
    { what: 'least share of a process', value: least, unit: '%' },
  ];
}

/**
 * Four replicas claim what has fallen due all at once.
 *
 * @param {Run} run @returns {Promise<Row[]>}
 */
export async function claim(run) {
  const due = run.quick ? 2_000 : 10_000;
  const { url: redisUrl, redis, stop } = await openRedis();
  const url = new URL('../workers/claimer.mjs', import.meta.url);
  const workers = Array.from({ length: PROCESSES }, () => new Worker(url));
  /** @param {string} name @param {unknown} argument @returns {Promise<any[]>} */
  const callAll = (name, argument) =>
    Promise.all(workers.map((worker) => worker.call(name, argument)));
  const store = openStore(redis);
  try {
    await callAll('start', { redisUrl, tokenKeys: TOKEN_KEYS });
    await concurrently(due, 64, (index) =>
      plant(store, keyOf(`subject-${index}`), tokenTexts(`subject-${index}.0`)),
    );
    /** @type {Measured[]} */
    const measured = [];
    // The first run warms everything up.
    for (let number = 0; number <= run.runs; number += 1) {
      await reschedule(redis, 'otm', Date.now() - MINUTE_MS);
      /** @type {Claims[]} */
      const claims = await callAll('run', { at: machineTime() + NOTICE_MS });
      if (number > 0) measured.push(judge(claims, due));
    }
    return rowsOf(due, measured);
  } finally {
    await Promise.all(workers.map((worker) => worker.stop()));
    await store.close();
    await stop();
  }
}
