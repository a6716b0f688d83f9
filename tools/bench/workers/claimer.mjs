import { setTimeout as sleep } from 'node:timers/promises';

import { Redis } from 'ioredis';

import { openStore } from '../harness/fleet.mjs';
import { machineTime } from '../harness/statistics.mjs';
import { answerCalls } from '../harness/worker.mjs';

/** One replica that claims what is due, as fast as it can. */

const BATCH = 100;
/** Longer than any run: nothing comes back to be claimed again. */
const CLAIM_MS = 120_000;

/** @type {import('@oauth-token/redis').RedisTokenStore} */
let store;

answerCalls({
  /** @param {{ redisUrl: string, tokenKeys: string }} options */
  start: async ({ redisUrl, tokenKeys }) => {
    store = openStore(new Redis(redisUrl), { tokenKeys });
    await store.start();
  },
  /** @param {{ at: number }} options when to begin, by the machine's monotonic time, ms */
  run: async ({ at }) => {
    await sleep(at - machineTime());
    const startedAt = machineTime();
    let lastAt = startedAt;
    /** @type {string[]} */
    const ids = [];
    for (;;) {
      const { records } = await store.claimDue({ limit: BATCH, leaseMs: CLAIM_MS });
      if (records.length === 0) return { ids, startedAt, lastAt };
      lastAt = machineTime();
      for (const { id } of records) ids.push(id);
    }
  },
});
