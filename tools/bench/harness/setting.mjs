import { Redis } from 'ioredis';

import { startRedis } from '../../redis/index.mjs';
import { Worker } from './worker.mjs';

/** A Redis server of our own with a client. */
export async function openRedis() {
  const server = await startRedis();
  const redis = new Redis(server.url);
  const stop = async () => {
    redis.disconnect();
    await server.stop();
  };
  return { url: server.url, redis, stop };
}

/** A token endpoint in a process of its own. */
export async function openEndpoint() {
  const worker = new Worker(new URL('../workers/endpoint.mjs', import.meta.url));
  /** @type {string} */
  const url = await worker.call('listen');
  return {
    url,
    stop: () => worker.stop(),
    /** @param {number} milliseconds @returns {Promise<void>} */
    setLatency: (milliseconds) => worker.call('setLatency', milliseconds),
    /** What was counted since the last time. @returns {Promise<{ requests: number, refused: number }>} */
    takeCounts: () => worker.call('takeCounts'),
  };
}

/** @typedef {Awaited<ReturnType<typeof openEndpoint>>} Endpoint */
/** @typedef {Awaited<ReturnType<typeof openRedis>>} RedisSetting */
