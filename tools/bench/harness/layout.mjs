import { randomBytes } from 'node:crypto';

import { keyOf, plant } from './fleet.mjs';

/** @typedef {import('ioredis').Redis} Redis */
/** @typedef {import('@oauth-token/redis').RedisTokenStore} RedisTokenStore */

/** The layout of `RedisTokenStore`, for filling Redis faster than through it. */
const SHARDS = 16;
const ID_BYTES = 32;
const BATCH = 500;

/** @param {string} prefix @param {number} shard */
const indexKey = (prefix, shard) => `${prefix}:{${shard}}:due`;
/** @param {string} prefix @param {number} shard */
const recordKeys = (prefix, shard) => `${prefix}:{${shard}}:r:`;
/** Where a record lies. @param {string} prefix @param {string} id */
export const recordKey = (prefix, id) =>
  recordKeys(prefix, shardOf(Buffer.from(id, 'base64url'))) + id;
/** @param {Buffer} id */
const shardOf = (id) => id.readUInt32BE(0) % SHARDS;

/**
 * Writes records that have the same fields. KEYS: 1 index; ARGV: 1 first part of the records' keys, 2 score,
 * 3 number of values in a record's fields, then those, then the ids.
 */
const FILL = `
local fields = {}
for i = 1, tonumber(ARGV[3]) do fields[i] = ARGV[3 + i] end
for i = 4 + #fields, #ARGV do
  redis.call('HSET', ARGV[1] .. ARGV[i], unpack(fields))
  redis.call('ZADD', KEYS[1], ARGV[2] + i, ARGV[i])
end
`;

/** Gives every id of an index a score. KEYS: 1 index; ARGV: 1 score. */
const RESCORE = `
for _, id in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do redis.call('ZADD', KEYS[1], ARGV[1], id) end
`;

/**
 * A record of the store as its fields lie in Redis.
 *
 * @param {Redis} redis @param {RedisTokenStore} store @param {string} prefix
 * @returns {Promise<Buffer[]>}
 * @throws an Error when records do not lie where this file believes
 */
async function sampleRecord(redis, store, prefix) {
  const key = keyOf('sample');
  await plant(store, key, { accessToken: 'short', refreshToken: 'short' });
  const id = store.idOf(key);
  const shard = shardOf(Buffer.from(id, 'base64url'));
  const fields = await redis.hgetallBuffer(recordKey(prefix, id));
  const score = await redis.zscore(indexKey(prefix, shard), id);
  const flat = Object.entries(fields).flatMap(([name, value]) => [Buffer.from(name), value]);
  if (flat.length === 0 || score === null) {
    throw new Error(
      'RedisTokenStore keeps its records elsewhere now: harness/layout.mjs has to follow.',
    );
  }
  return flat;
}

/**
 * Fills a store with copies of one record under random ids, in the layout of the store. They cannot be opened: it is
 * for what looks at the index alone.
 *
 * @param {Redis} redis
 * @param {RedisTokenStore} store
 * @param {{ prefix: string, count: number, dueAt: number }} options
 */
export async function fill(redis, store, { prefix, count, dueAt }) {
  const fields = await sampleRecord(redis, store, prefix);
  /** @type {string[][]} */
  const waiting = Array.from({ length: SHARDS }, () => []);
  /** @param {number} shard */
  const flush = async (shard) => {
    const ids = waiting[shard] ?? [];
    waiting[shard] = [];
    const start = recordKeys(prefix, shard);
    const index = indexKey(prefix, shard);
    await redis.eval(FILL, 1, index, start, dueAt, fields.length, ...fields, ...ids);
  };
  // One is there already.
  for (let written = 1; written < count; written += 1) {
    const id = randomBytes(ID_BYTES);
    const shard = shardOf(id);
    waiting[shard]?.push(id.toString('base64url'));
    if (waiting[shard]?.length === BATCH) await flush(shard);
  }
  for (let shard = 0; shard < SHARDS; shard += 1) await flush(shard);
}

/** Moves everything in the due index to a time. @param {Redis} redis @param {string} prefix @param {number} dueAt */
export async function reschedule(redis, prefix, dueAt) {
  for (let shard = 0; shard < SHARDS; shard += 1) {
    await redis.eval(RESCORE, 1, indexKey(prefix, shard), dueAt);
  }
}

/** How many ids are in the due index. @param {Redis} redis @param {string} prefix */
export async function indexSize(redis, prefix) {
  let size = 0;
  for (let shard = 0; shard < SHARDS; shard += 1)
    size += await redis.zcard(indexKey(prefix, shard));
  return size;
}
