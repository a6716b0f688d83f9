import { TokenManager, TokenRefresher } from '@oauth-token/core';

import { openStore, registrationAt } from '../harness/fleet.mjs';
import { fill, indexSize, reschedule } from '../harness/layout.mjs';
import { openRedis } from '../harness/setting.mjs';
import { median } from '../harness/statistics.mjs';

/** @typedef {import('../harness/rows.mjs').Row} Row */
/** @typedef {import('../harness/rows.mjs').Run} Run */
/** @typedef {{ tokens: number, refresher: TokenRefresher, tickMs: number[], close(): Promise<void> }} Fleet */

/** Nothing falls due while this is measured. */
const DAY_MS = 86_400_000;
const TICKS = 300;

/** A refresher over so many tokens. @param {import('ioredis').Redis} redis @param {number} tokens @returns {Promise<Fleet>} */
async function openFleet(redis, tokens) {
  const prefix = `fleet${tokens}`;
  const store = openStore(redis, { prefix });
  const registrations = [registrationAt('http://127.0.0.1:9/token')];
  const manager = new TokenManager({ registrations, store, spill: false });
  await manager.start();
  await fill(redis, store, { prefix, count: tokens, dueAt: Date.now() + DAY_MS });
  await reschedule(redis, prefix, Date.now() + DAY_MS);
  const size = await indexSize(redis, prefix);
  if (size !== tokens) throw new Error(`There are ${size} tokens instead of ${tokens}.`);
  const refresher = new TokenRefresher(manager);
  const close = async () => {
    await refresher.stop();
    await manager.close();
    await store.close();
  };
  return { tokens, refresher, tickMs: [], close };
}

/** The median of some ticks, ms. @param {Fleet} fleet */
async function measureTicks({ refresher }) {
  const times = [];
  for (let number = 0; number < TICKS; number += 1) {
    const start = performance.now();
    await refresher.tick();
    times.push(performance.now() - start);
  }
  return median(times);
}

/**
 * A tick of the refresher with nothing due, over a small fleet of tokens and over a large one.
 *
 * @param {Run} run @returns {Promise<Row[]>}
 */
export async function tick(run) {
  const { redis, stop } = await openRedis();
  /** @type {Fleet[]} */
  const fleets = [];
  try {
    for (const tokens of [10_000, run.quick ? 100_000 : 1_000_000]) {
      fleets.push(await openFleet(redis, tokens));
    }
    // The first pair warms everything up.
    for (let number = 0; number <= run.runs; number += 1) {
      for (const fleet of fleets) {
        const tickMs = await measureTicks(fleet);
        if (number > 0) fleet.tickMs.push(tickMs);
      }
    }
    const [small = NaN, large = NaN] = fleets.map(({ tickMs }) => median(tickMs));
    const names = fleets.map(({ tokens }) => tokens.toLocaleString('en-US'));
    return [
      {
        what: `idle tick at ${names[1]} tokens / at ${names[0]}`,
        value: large / small,
        unit: 'x',
        goal: { atMost: 1.5 },
        gate: true,
      },
      { what: `idle tick at ${names[0]} tokens`, value: small, unit: 'ms' },
      { what: `idle tick at ${names[1]} tokens`, value: large, unit: 'ms' },
    ];
  } finally {
    for (const fleet of fleets) await fleet.close();
    await stop();
  }
}
