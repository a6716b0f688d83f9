import { Redis } from 'ioredis';

import { callAtOnce } from '../harness/call-at-once.mjs';
import { keyOf } from '../harness/fleet.mjs';
import { openReplica } from '../harness/replica.mjs';
import { answerCalls } from '../harness/worker.mjs';

/** One replica whose callers all want the same expired token. */

/** @type {import('@oauth-token/core').TokenManager} */
let manager;

answerCalls({
  /** @param {{ redisUrl: string, tokenUrl: string, tokenKeys: string }} options */
  start: async ({ redisUrl, tokenUrl, tokenKeys }) => {
    ({ manager } = await openReplica(new Redis(redisUrl), tokenUrl, tokenKeys));
  },
  /** @param {{ subject: string, callers: number, at: number }} wave */
  run: ({ subject, callers, at }) =>
    callAtOnce(callers, at, () => manager.getAccessToken(keyOf(subject))),
});
