import { isStoreUnavailableError, type TokenKey, type TokenStore } from '@oauth-token/core';
import { type RedisClient, RedisTokenStore } from '@oauth-token/redis';
import { Cluster, Redis } from 'ioredis';
import { Redis as Redis5 } from 'ioredis-5';
import {
  type RedisCluster,
  type RedisProcess,
  startCluster,
  startRedis,
} from '../../../../tools/redis/index.mjs';
import { failureOf, RedisBench, START_MS } from './support/redis-bench.js';
import { putTokens } from './support/put-tokens.js';

const KEY: TokenKey = { registrationId: 'acme' };

let server: RedisProcess;
let cluster: RedisCluster;
let bench: RedisBench;
let cases = 0;

beforeAll(async () => {
  [server, cluster] = await Promise.all([startRedis(), startCluster()]);
}, START_MS);
afterAll(() => Promise.all([server.stop(), cluster.stop()]));

beforeEach(() => {
  cases += 1;
  bench = new RedisBench(`shared-client-${cases}`);
});
afterEach(() => bench.stop());

async function storeOn(client: RedisClient): Promise<TokenStore> {
  const { keys, prefix } = bench;
  const store = new RedisTokenStore(client, { keys, prefix, warn: () => undefined });
  bench.onStop(() => store.close());
  await store.start();
  return store;
}

const refreshTokenIn = async (store: TokenStore): Promise<string | undefined> =>
  (await store.read(KEY))?.tokens?.refreshToken;

const automatic = { enableAutoPipelining: true };

it.each<[string, () => RedisClient]>([
  ['ioredis 6', () => new Redis(server.url, automatic)],
  ['ioredis 5', () => new Redis5(server.url, automatic) as unknown as RedisClient],
  ['a Cluster', () => new Cluster([...cluster.addresses], automatic)],
])('a client that makes pipelines by itself serves: %s', async (_name, connect) => {
  const client = connect();
  bench.onStop(() => {
    client.disconnect();
  });
  const store = await storeOn(client);
  expect(await refreshTokenIn(store)).toBeUndefined();
  await putTokens(store, KEY, 1);
  expect(await refreshTokenIn(store)).toBe('refresh-1');
  const { records } = await store.claimDue({ limit: 10, leaseMs: 10_000 });
  expect(records.map(({ key }) => key)).toEqual([KEY]);
});

it('while the client has a transaction open, nothing is taken for an answer', async () => {
  const client = bench.client(server.url);
  const [store, other] = [await storeOn(client), await storeOn(bench.client(server.url))];
  await putTokens(store, KEY, 1);
  expect(await refreshTokenIn(store)).toBe('refresh-1');
  await putTokens(other, KEY, 2);
  await client.multi({ pipeline: false });
  for (const work of [
    () => store.read(KEY),
    () => store.read({ registrationId: 'unknown' }),
    () => store.time(),
    () => store.claimDue({ limit: 1, leaseMs: 1_000 }),
  ]) {
    expect(isStoreUnavailableError(await failureOf(work()))).toBe(true);
  }
  await client.discard();
  expect(await refreshTokenIn(store)).toBe('refresh-2');
});

it('timers that a test replaces do not hold commands back', async () => {
  const store = await storeOn(bench.client(server.url));
  const real = globalThis.setImmediate;
  bench.onStop(() => {
    globalThis.setImmediate = real;
  });
  globalThis.setImmediate = (() => ({})) as unknown as typeof setImmediate;
  expect(await store.read(KEY)).toBeUndefined();
});
