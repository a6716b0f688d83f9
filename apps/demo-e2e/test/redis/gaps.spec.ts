import { Keyring, type TokenChange } from '@oauth-token/core';
import { RedisTokenStore } from '@oauth-token/redis';
import { Cluster } from 'ioredis';
import {
  type RedisCluster,
  type RedisProcess,
  startCluster,
  startProxy,
  startRedis,
} from '../../../../tools/redis/index.mjs';
import { waitFor } from '../support/wait-for.js';
import { putTokens } from './support/put-tokens.js';
import { RedisBench, START_MS } from './support/redis-bench.js';

const KEY = { registrationId: 'acme' };

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
  bench = new RedisBench(`gaps-${cases}`);
});
afterEach(() => bench.stop());

/** What a store tells, in short. */
function toldBy(store: RedisTokenStore): string[] {
  const told: string[] = [];
  store.subscribe(({ kind, id, version, origin }: TokenChange) => {
    told.push(kind === 'gap' ? `${kind} ${origin}${id}` : `${kind} ${origin} ${version}`);
  });
  return told;
}

it('a store that was away at the start tells a gap once it can be listened to', async () => {
  const proxy = await startProxy(server);
  bench.onStop(() => proxy.stop());
  await proxy.cut();
  const store = bench.store(proxy.url);
  await store.start();
  const told = toldBy(store);
  expect(told).toEqual([]);
  await proxy.restore();
  await waitFor('the news of a gap', 3_000, () => told.length > 0);
  expect(told).toEqual(['gap fleet']);
});

it('a store that answers from the start on tells none', async () => {
  const [store, other] = [bench.store(server.url), bench.store(server.url)];
  const told = toldBy(store);
  await store.start();
  await other.start();
  await putTokens(other, KEY, 1);
  await waitFor('the login', 1_000, () => told.length > 0);
  expect(told).toEqual(['login fleet 1']);
});

it('a gap that one replica finds is told to all, and not again at once', async () => {
  const stores = [bench.store(server.url), bench.store(server.url)] as const;
  const [mine, yours] = [toldBy(stores[0]), toldBy(stores[1])];
  for (const store of stores) await store.start();
  await Promise.all([stores[0].tellGap(), stores[0].tellGap()]);
  await stores[0].tellGap();
  await putTokens(stores[0], KEY, 1);
  await waitFor('the login', 1_000, () => yours.at(-1) === 'login fleet 1');
  expect(mine).toEqual(['gap local', 'login local 1']);
  expect(yours).toEqual(['gap fleet', 'login fleet 1']);
});

describe('a Cluster', () => {
  const keys = Keyring.ephemeral();

  function clusterStore(): { readonly store: RedisTokenStore; readonly client: Cluster } {
    const client = new Cluster([...cluster.addresses]);
    const store = new RedisTokenStore(client, {
      keys,
      prefix: bench.prefix,
      warn: () => undefined,
    });
    bench.onStop(async () => {
      await store.close();
      client.disconnect();
    });
    return { store, client };
  }

  /** On how many nodes somebody listens. */
  async function listeners(): Promise<number> {
    const counts = cluster.nodes.map(async (node) => {
      const reply = await node.cli('PUBSUB', 'NUMSUB', `${bench.prefix}:changes`);
      return Array.isArray(reply) ? Number(reply[1]) : 0;
    });
    return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
  }

  it('tells a gap when the connection that is listened to is lost, and listens again', async () => {
    const [{ store }, { store: other }] = [clusterStore(), clusterStore()];
    const told = toldBy(store);
    await store.start();
    await other.start();
    expect(await listeners()).toBe(2);
    await putTokens(other, KEY, 1);
    await waitFor('the login', 1_000, () => told.length > 0);
    expect(told).toEqual(['login fleet 1']);
    for (const node of cluster.nodes) await node.cli('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await waitFor('both listening again', 3_000, async () => (await listeners()) === 2);
    await waitFor('the news of a gap', 1_000, () => told.includes('gap fleet'));
    await putTokens(other, KEY, 2);
    await waitFor('the second login', 1_000, () => told.at(-1) === 'login fleet 2');
  });

  it('listens elsewhere when the node that is listened to has left, and lets go of its client', async () => {
    const { store, client } = clusterStore();
    const told = toldBy(store);
    await store.start();
    const before = client.nodes('master');
    for (const node of before) node.disconnect();
    await waitFor('the news of a gap', 3_000, () => told.includes('gap fleet'));
    await client.call('PING');
    await waitFor('a subscription', 3_000, async () => (await listeners()) === 1);
    await store.close();
    await waitFor('no subscription', 1_000, async () => (await listeners()) === 0);
  });
});
