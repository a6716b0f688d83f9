import { Redis } from 'ioredis';
import Redlock from 'redlock';

import { callAtOnce } from '../harness/call-at-once.mjs';
import { TokenClient } from '../harness/token-client.mjs';
import { answerCalls } from '../harness/worker.mjs';

/** One replica as `redlock` is commonly used: each caller takes the lock, reads again, and refreshes if it still has to. */

const LOCK_MS = 10_000;

/** @type {{ redis: Redis, redlock: Redlock, client: TokenClient }} */
let parts;

/** @param {string} subject @returns {Promise<string>} */
async function getAccessToken(subject) {
  const { redis, redlock, client } = parts;
  const key = `redlock:${subject}`;
  const lock = await redlock.acquire(`${key}:lock`, LOCK_MS);
  try {
    const stored = JSON.parse((await redis.get(key)) ?? '{}');
    if (stored.expiresAt > Date.now()) return stored.accessToken;
    const answer = await client.refresh(stored.refreshToken);
    const tokens = {
      accessToken: answer.access_token,
      refreshToken: answer.refresh_token,
      expiresAt: Date.now() + answer.expires_in * 1_000,
    };
    await redis.set(key, JSON.stringify(tokens));
    return tokens.accessToken;
  } finally {
    await lock.unlock();
  }
}

answerCalls({
  /** @param {{ redisUrl: string, tokenUrl: string }} options */
  start: ({ redisUrl, tokenUrl }) => {
    const redis = new Redis(redisUrl);
    // Its defaults: ten tries more, 200 ms apart.
    parts = { redis, redlock: new Redlock([redis]), client: new TokenClient(tokenUrl) };
  },
  /** @param {{ subject: string, callers: number, at: number }} wave */
  run: ({ subject, callers, at }) => callAtOnce(callers, at, () => getAccessToken(subject)),
});
