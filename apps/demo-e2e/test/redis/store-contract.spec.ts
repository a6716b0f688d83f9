import { Keyring } from '@oauth-token/core';
import { type RedisClient, RedisTokenStore } from '@oauth-token/redis';
import { type StoreHandle, tokenStoreContract } from '@oauth-token/testing';
import { Cluster, Redis } from 'ioredis';
import { Redis as Redis5 } from 'ioredis-5';
import {
  type RedisCluster,
  type RedisProcess,
  type SentinelSet,
  startCluster,
  startRedis,
  startSentinelSet,
} from '../../../../tools/redis/index.mjs';
import { itKeeps, pass } from './support/contract-cases.js';

const START_MS = 120_000;

let server: RedisProcess;
let sentinels: SentinelSet;
let cluster: RedisCluster;

beforeAll(async () => {
  [server, sentinels, cluster] = await Promise.all([
    startRedis(),
    startSentinelSet(),
    startCluster(),
  ]);
}, START_MS);

afterAll(() => Promise.all([server, sentinels, cluster].map((part) => part.stop())));

/** The client of each set-up, made once its servers are up. */
const CLIENTS: Readonly<Record<string, () => RedisClient>> = {
  'a single Redis, ioredis 6': () => new Redis(server.url),
  // The classes of both majors do the same; their types are two.
  'a single Redis, ioredis 5': () => new Redis5(server.url) as unknown as RedisClient,
  'a Sentinel set': () => new Redis({ sentinels: [...sentinels.addresses], name: sentinels.name }),
  'a Cluster': () => new Cluster([...cluster.addresses]),
};

describe.each(Object.entries(CLIENTS))('TokenStore contract: Redis, %s', (name, connect) => {
  const keys = Keyring.ephemeral();
  let client: RedisClient;
  let stores = 0;

  beforeAll(() => {
    client = connect();
  });
  afterAll(() => {
    client.disconnect();
  });

  const makeStore = async (): Promise<StoreHandle> => {
    stores += 1;
    const prefix = `${name.replaceAll(/\W/g, '-')}-${stores}`;
    const store = new RedisTokenStore(client, { keys, prefix, warn: () => undefined });
    await store.start();
    return { store, advance: pass, close: () => store.close() };
  };

  itKeeps(tokenStoreContract(makeStore, { longTimes: false }));
});
