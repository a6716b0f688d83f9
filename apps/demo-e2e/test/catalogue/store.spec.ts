import {
  isConfigurationError,
  isSealError,
  isStoreUnavailableError,
  Keyring,
  type TokenKey,
  type TokenManager,
} from '@oauth-token/core';
import { Cluster, Redis } from 'ioredis';
import { RedisTokenStore } from '@oauth-token/redis';
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:tls';
import {
  type RedisCluster,
  type RedisProcess,
  startCluster,
  startRedis,
} from '../../../../tools/redis/index.mjs';
import { failureOf, RedisBench, START_MS } from '../redis/support/redis-bench.js';
import { waitFor } from '../support/wait-for.js';

const ACME: TokenKey = { registrationId: 'acme' };

let server: RedisProcess;
let client: Redis;
let bench: RedisBench;
let cases = 0;

beforeAll(async () => {
  server = await startRedis();
  client = new Redis(server.url);
}, START_MS);
afterAll(async () => {
  client.disconnect();
  await server.stop();
});

beforeEach(async () => {
  cases += 1;
  bench = new RedisBench(`catalogue-${cases}`);
  await bench.start();
});
afterEach(() => bench.stop());

async function started(keys?: Keyring): Promise<TokenManager> {
  const store = bench.store(server.url, keys === undefined ? {} : { keys });
  const manager = bench.manager({ store, spill: false, timing: { maxWaitMs: 500 } });
  await manager.start();
  return manager;
}

async function loggedIn(keys?: Keyring): Promise<TokenManager> {
  const manager = await started(keys);
  await manager.drain();
  return manager;
}

/** The name of the only record. */
const recordName = async (): Promise<string> => {
  const names = await client.keys(`${bench.prefix}:*:r:*`);
  expect(names).toHaveLength(1);
  return names[0] ?? '';
};

describe('a record of a newer format', () => {
  it('fault 16: is neither used nor overwritten, by whatever call', async () => {
    await loggedIn();
    const name = await recordName();
    const meta = (await client.hget(name, 'm')) ?? '';
    expect(meta).toContain('"format":1,');
    await client.hset(name, { m: meta.replace('"format":1,', '"format":2,'), rev: 'newer' });
    const before = await client.hgetallBuffer(name);
    const manager = await loggedIn();
    for (const work of [
      manager.getAccessToken('acme'),
      manager.refresh('acme'),
      manager.status('acme'),
    ]) {
      expect(isSealError(await failureOf(work))).toBe(true);
    }
    expect(await client.hgetallBuffer(name)).toEqual(before);
    expect(bench.requests()).toEqual(['password 200']);
  });

  it('fault 16: a store that was made for newer records stops the start, and stays as it is', async () => {
    const settings = `${bench.prefix}:settings`;
    await bench.store(server.url).start();
    const entries = await client.call('LRANGE', settings, '0', '-1');
    await client.call('LSET', settings, '0', '2');
    const manager = bench.manager({ store: bench.store(server.url), spill: false });
    const error = await failureOf(manager.start());
    expect(isConfigurationError(error)).toBe(true);
    expect(String(error)).toContain('format of records');
    expect(await client.call('LRANGE', settings, '0', '-1')).toEqual([
      '2',
      ...(entries as string[]).slice(1),
    ]);
    expect(bench.requests()).toEqual([]);
  });
});

it('fault 52: an evicted record is put back by who knows it, with the newest refresh token', async () => {
  const manager = await loggedIn();
  await manager.refresh('acme');
  const known = await bench.store(server.url).read(ACME);
  await client.del(await recordName());
  // Whoever is about to renew looks first. What was put back rests for a while, so nobody waits for the end of this one.
  const renewal = manager.refresh('acme');
  const stranger = bench.store(server.url);
  await waitFor('the record', 5_000, async () => (await stranger.read(ACME)) !== undefined);
  const back = await stranger.read(ACME);
  expect(back?.state.version).toBe(2);
  expect(back?.tokens).toEqual(known?.tokens);
  expect(await manager.getAccessToken('acme')).toBe(known?.tokens?.accessToken);
  expect(bench.requests()).toEqual(['password 200', 'refresh_token 200']);
  await manager.close();
  await renewal;
});

describe('a Cluster whose slots move', () => {
  let cluster: RedisCluster;

  beforeAll(async () => {
    cluster = await startCluster();
  }, START_MS);
  afterAll(() => cluster.stop());

  /** Moves the slot of a key from the node that has it to another, with what is in it, and has `meanwhile` done in the middle. */
  async function move(key: string, meanwhile: () => Promise<void>): Promise<void> {
    const slot = Number(await cluster.nodes[0]?.cli('CLUSTER', 'KEYSLOT', key));
    const ids = await Promise.all(cluster.nodes.map((node) => node.cli('CLUSTER', 'MYID')));
    const first = Math.floor((slot * 3) / 16_384);
    const [from, to] = [cluster.nodes[first], cluster.nodes[(first + 1) % 3]];
    const [fromId, toId] = [String(ids[first]), String(ids[(first + 1) % 3])];
    if (from === undefined || to === undefined) throw new Error('There are three nodes.');
    await to.cli('CLUSTER', 'SETSLOT', slot, 'IMPORTING', fromId);
    await from.cli('CLUSTER', 'SETSLOT', slot, 'MIGRATING', toId);
    const keys = (await from.cli('CLUSTER', 'GETKEYSINSLOT', slot, 100)) as string[];
    const migrate = (...some: readonly string[]) =>
      from.cli('MIGRATE', to.host, to.port, '', 0, 5_000, 'KEYS', ...some);
    // The record is there, its index still here.
    await migrate(...keys.slice(0, 1));
    const working = meanwhile();
    await migrate(...keys.slice(1));
    await working;
    for (const node of [to, from, ...cluster.nodes]) {
      await node.cli('CLUSTER', 'SETSLOT', slot, 'NODE', toId);
    }
  }

  it('fault 54: goes on renewing, and no refresh token is lost or used twice', async () => {
    const open = (): RedisTokenStore => {
      const client = new Cluster([...cluster.addresses]);
      client.on('error', () => undefined);
      bench.onStop(() => {
        client.disconnect();
      });
      const options = { keys: bench.keys, prefix: bench.prefix, warn: () => undefined };
      const store = new RedisTokenStore(client, { ...options, shards: 1, commandTimeoutMs: 1_000 });
      bench.onStop(() => store.close());
      return store;
    };
    const store = open();
    const manager = bench.manager({ store, spill: false });
    await manager.start();
    await manager.drain();
    await move(`${bench.prefix}:{0}:due`, async () => {
      await manager.refresh('acme').catch((error: unknown) => {
        expect(isStoreUnavailableError(error)).toBe(true);
      });
    });
    expect(await manager.refresh('acme')).toMatchObject({ outcome: 'refreshed' });
    const token = await manager.getAccessToken('acme');
    const stranger = bench.manager({ store: open(), spill: false });
    await waitFor('the newest token in the store', 10_000, async () => {
      return (await stranger.getAccessToken('acme')) === token;
    });
    expect(await stranger.refresh('acme')).toMatchObject({ outcome: 'refreshed' });
    const requests = bench.requests();
    expect(new Set(requests)).toEqual(new Set(['password 200', 'refresh_token 200']));
    expect(requests.filter((request) => request.startsWith('password'))).toHaveLength(1);
  }, 60_000);
});

describe('TLS to Redis', () => {
  const FIXTURES = new URL('../../../../packages/core/src/transport/fixtures/', import.meta.url);
  let tls: Server | undefined;
  afterEach(() => {
    tls?.close();
  });

  it.each([
    ['of an unknown issuer', 'localhost', /SELF_SIGNED_CERT/],
    ['that has expired', 'expired', /CERT_HAS_EXPIRED/],
  ])(
    'fault 59: with a certificate %s is told as that, and nothing is sent through it',
    async (_how, name, expected) => {
      const pem = await readFile(new URL(`${name}.pem`, FIXTURES));
      let received = 0;
      tls = createServer({ key: pem, cert: pem }, (socket) => {
        socket.on('data', (data: Buffer) => (received += data.length));
      });
      await new Promise<void>((resolve) => tls?.listen(0, '127.0.0.1', resolve));
      const ca = name === 'expired' ? { ca: pem } : {};
      const connection = new Redis((tls.address() as AddressInfo).port, '127.0.0.1', {
        tls: { ...ca, servername: 'localhost' },
        retryStrategy: () => 50,
      });
      connection.on('error', () => undefined);
      bench.onStop(() => {
        connection.disconnect();
      });
      const warnings: string[] = [];
      const store = new RedisTokenStore(connection, {
        keys: bench.keys,
        prefix: bench.prefix,
        commandTimeoutMs: 300,
        warn: (message) => warnings.push(message),
      });
      bench.onStop(() => store.close());
      await bench.manager({ store, spill: false }).start();
      expect(warnings.join('\n')).toMatch(expected);
      expect(received).toBe(0);
    },
    20_000,
  );
});

describe('something else under the name of a record', () => {
  it.each<[string, (name: string) => Promise<unknown>]>([
    ['a text', (name) => client.set(name, 'of somebody else')],
    ['a hash', (name) => client.hset(name, 'of', 'somebody else')],
  ])('fault 61: (%s) is an error, and stays as it is', async (_what, write) => {
    const writer = await loggedIn();
    const name = await recordName();
    await writer.close();
    await client.del(name);
    await write(name);
    const before = await client.dump(name);
    const manager = await started();
    for (const work of [
      manager.getAccessToken('acme'),
      manager.refresh('acme'),
      manager.status('acme'),
    ]) {
      const error = await failureOf(work);
      expect(isSealError(error) || isStoreUnavailableError(error)).toBe(true);
    }
    expect(await client.dump(name)).toBe(before);
    expect(bench.requests()).toEqual(['password 200']);
  });
});

describe('sealing keys that change while a refresh is under way', () => {
  const idKey = randomBytes(32);
  const [old, next] = ['old', 'next'].map((kid) => ({ kid, key: randomBytes(32) })) as [
    { kid: string; key: Buffer },
    { kid: string; key: Buffer },
  ];
  const keyring = (...keys: (typeof old)[]): Keyring => new Keyring({ keys, idKey });

  /** Which key has sealed the tokens in the store. */
  const sealedWith = async (): Promise<string> => {
    const body = await client.hgetBuffer(await recordName(), 'b');
    return body?.toString('latin1', 2, 2 + (body[1] ?? 0)) ?? '';
  };

  it('fault 76: what the old key has sealed is refreshed and committed with the new one, and both can read it', async () => {
    const before = await loggedIn(keyring(old, next));
    expect(await sealedWith()).toBe('old');
    bench.sandbox.addFault({ on: 'token', kind: 'delay', ms: 400 });
    const renewal = before.refresh('acme');
    await waitFor('the request', 2_000, () => bench.requests().length === 2);
    const after = await loggedIn(keyring(next, old));
    const joined = after.refresh('acme');
    expect(await renewal).toMatchObject({ outcome: 'refreshed', version: 2 });
    expect(await joined).toMatchObject({ outcome: 'refreshed', version: 2 });
    expect(await after.refresh('acme')).toMatchObject({ outcome: 'refreshed', version: 3 });
    expect(await sealedWith()).toBe('next');
    expect(
      (await bench.store(server.url, { keys: keyring(old, next) }).read(ACME))?.tokens,
    ).toEqual((await bench.store(server.url, { keys: keyring(next) }).read(ACME))?.tokens);
    expect(bench.requests()).toEqual(['password 200', 'refresh_token 200', 'refresh_token 200']);
  });
});
