import { MemoryTokenStore, TokenManager } from '@oauth-token/core';

import { keyOf, plant, registrationAt } from '../harness/fleet.mjs';
import { median } from '../harness/statistics.mjs';
import { tokenTexts } from '../harness/token-text.mjs';

/** @typedef {import('../harness/rows.mjs').Row} Row */
/** @typedef {import('../harness/rows.mjs').Run} Run */

/** What one call takes, µs. @param {number} calls @param {() => Promise<unknown>} call */
async function microsOf(calls, call) {
  const start = performance.now();
  for (let number = 0; number < calls; number += 1) await call();
  return ((performance.now() - start) * 1_000) / calls;
}

/**
 * A token that is valid and in memory.
 *
 * @param {Run} run @returns {Promise<Row[]>}
 */
export async function hotPath(run) {
  const calls = run.quick ? 50_000 : 500_000;
  const store = new MemoryTokenStore();
  const registrations = [registrationAt('http://127.0.0.1:9/token')];
  const manager = new TokenManager({ registrations, store, spill: false });
  await manager.start();
  const withSubject = keyOf('somebody');
  const withoutSubject = { registrationId: 'bench' };
  for (const key of [withSubject, withoutSubject]) await plant(store, key, tokenTexts('bench.0'));
  const held = new Map([['bench', 'token']]);
  const contenders = [
    { what: 'getAccessToken with a subject', call: () => manager.getAccessToken(withSubject) },
    { what: 'getAccessToken by registration id', call: () => manager.getAccessToken('bench') },
    { what: 'control: an async function over a Map', call: async () => held.get('bench') },
  ].map((contender) => ({ ...contender, micros: /** @type {number[]} */ ([]) }));
  // The first run warms everything up.
  for (let number = 0; number <= run.runs; number += 1) {
    for (const { call, micros } of contenders) {
      const measured = await microsOf(calls, call);
      if (number > 0) micros.push(measured);
    }
  }
  await manager.close();
  await store.close();
  return contenders.map(({ what, micros }) => ({ what, value: median(micros), unit: 'µs' }));
}
