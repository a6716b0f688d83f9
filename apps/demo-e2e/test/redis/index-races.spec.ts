import type { TokenKey } from '@oauth-token/core';
import { RedisTokenStore } from '@oauth-token/redis';
import type { Redis } from 'ioredis';
import { type RedisProcess, startRedis } from '../../../../tools/redis/index.mjs';
import { putTokens } from './support/put-tokens.js';
import { RedisBench, START_MS } from './support/redis-bench.js';

const KEY: TokenKey = { registrationId: 'acme' };
const CLAIM = { limit: 10, leaseMs: 10_000 };

let server: RedisProcess;
let bench: RedisBench;
let client: Redis;
let claimer: RedisTokenStore;
let other: RedisTokenStore;
let cases = 0;

beforeAll(async () => {
  server = await startRedis();
}, START_MS);
afterAll(() => server.stop());

beforeEach(async () => {
  cases += 1;
  bench = new RedisBench(`index-${cases}`);
  client = bench.client(server.url);
  const { keys, prefix } = bench;
  claimer = new RedisTokenStore(client, { keys, prefix, warn: () => undefined });
  bench.onStop(() => claimer.close());
  other = bench.store(server.url);
  await claimer.start();
  await other.start();
  // From now on the server knows the script by its digest.
  await claimer.read(KEY);
});
afterEach(() => bench.stop());

/** Has something happen after the claimer has read a record and before it goes on. */
function afterNextRead(happens: () => Promise<unknown>): void {
  type Send = (...args: unknown[]) => Promise<unknown>;
  const read = (Reflect.get(client, 'evalshaBuffer') as Send).bind(client);
  const once = async (...args: unknown[]): Promise<unknown> => {
    Reflect.set(client, 'evalshaBuffer', read);
    const answer = await read(...args);
    await happens();
    return answer;
  };
  Reflect.set(client, 'evalshaBuffer', once);
}

/** When the index offers the record, ms from now; nothing when it does not. */
async function offeredIn(): Promise<number | undefined> {
  const id = other.idOf(KEY);
  for (const index of await client.keys(`${bench.prefix}:*:due`)) {
    const score = await client.zscore(index, id);
    if (score !== null) return Number(score) - (await other.time());
  }
  return undefined;
}

it('the claim of a short token ends while another replica can still renew it', async () => {
  await putTokens(other, KEY, 1, { lifetimeMs: 8_000 });
  const { records } = await claimer.claimDue(CLAIM);
  expect(records).toHaveLength(1);
  const endsIn = await offeredIn();
  expect(endsIn).toBeGreaterThan(3_000);
  expect(endsIn).toBeLessThanOrEqual(4_000);
});

it('what is renewed between its claim and the shortening of that keeps its new time', async () => {
  await putTokens(other, KEY, 1, { lifetimeMs: 8_000 });
  afterNextRead(() => putTokens(other, KEY, 2, { dueInMs: 2_800_000 }));
  const { records } = await claimer.claimDue(CLAIM);
  expect(records.map(({ tokens }) => tokens?.refreshToken)).toEqual(['refresh-1']);
  expect(await offeredIn()).toBeGreaterThan(2_700_000);
});

it('an id whose record is gone leaves the index', async () => {
  await putTokens(other, KEY, 1);
  await client.del(await client.keys(`${bench.prefix}:*:r:*`));
  expect((await claimer.claimDue(CLAIM)).records).toEqual([]);
  expect(await offeredIn()).toBeUndefined();
});

it('a record that is put back while it is found gone stays in the index', async () => {
  const { record } = await putTokens(other, KEY, 1);
  await client.del(await client.keys(`${bench.prefix}:*:r:*`));
  const restore = { intentId: 'restore', known: record.state, restMs: 100 };
  afterNextRead(() => other.restore(KEY, restore));
  await claimer.claimDue(CLAIM);
  expect((await other.read(KEY))?.tokens?.refreshToken).toBe('refresh-1');
  expect(await offeredIn()).toBeDefined();
});
