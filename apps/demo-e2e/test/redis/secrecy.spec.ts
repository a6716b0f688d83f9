import {
  isSealError,
  Keyring,
  passwordGrant,
  type TokenKey,
  type TokenManager,
  TokenRefresher,
  type TokenStore,
} from '@oauth-token/core';
import { oidc } from '@oauth-token/providers';
import type { RedisTokenStore, RedisTokenStoreOptions } from '@oauth-token/redis';
import type { Redis } from 'ioredis';
import { randomBytes } from 'node:crypto';
import { type RedisProcess, startRedis } from '../../../../tools/redis/index.mjs';
import { canary, everythingOf, holdsCanary } from '../support/canary.js';
import { waitFor } from '../support/wait-for.js';
import { CanaryServer } from './support/canary-server.js';
import { failureOf, RedisBench, START_MS } from './support/redis-bench.js';
import { bytesHoldCanary, dumpOf, everythingIn, watchCommands } from './support/redis-traces.js';

let server: RedisProcess;
let bench: RedisBench;
let client: Redis;

beforeAll(async () => {
  // Compressed, a dump would hide what it holds from a search.
  server = await startRedis({ config: { rdbcompression: 'no' } });
}, START_MS);
afterAll(() => server.stop());

beforeEach(async () => {
  bench = new RedisBench('secrecy');
  await bench.start();
  client = bench.client(server.url);
  await client.flushall();
});
afterEach(() => bench.stop());

describe('no secret is readable in Redis', () => {
  let endpoint: CanaryServer;
  beforeEach(async () => {
    endpoint = new CanaryServer();
    await endpoint.start();
  });
  afterEach(() => endpoint.stop());

  /** Logs in, refreshes, fails, is refused, logs out: whatever a record can hold. */
  async function run(options: RedisTokenStoreOptions): Promise<void> {
    const registrations = [
      bench.registration({
        provider: oidc({ tokenEndpoint: `${endpoint.url}/token` }),
        clientSecret: canary(),
        grant: passwordGrant({ username: 'user', password: canary() }),
      }),
    ];
    const lock = bench.lock([server.url]);
    const manager = bench.manager({
      registrations,
      lock,
      store: bench.store(server.url, options),
      timing: { maxWaitMs: 500 },
    });
    await manager.start();
    await manager.drain();
    const anna = { registrationId: 'acme', subject: 'anna' };
    const berta = { registrationId: 'acme', subject: 'berta' };
    for (const key of [anna, berta]) {
      await manager.authenticate(key, passwordGrant({ username: 'anna', password: canary() }));
    }
    expect(await manager.refresh('acme')).toMatchObject({ outcome: 'refreshed' });
    await manager.forget(berta);
    endpoint.refuses = true;
    expect(await manager.refresh(anna)).toMatchObject({ outcome: 'transient' });
    expect(endpoint.issued).toBe(4);
  }

  it('not in the commands, the keys, the values, or a dump of them', async () => {
    const watch = await watchCommands(client);
    await run({});
    const everything = await everythingIn(client);
    const dump = await dumpOf(server);
    watch.stop();
    expect(watch.seen.length).toBeGreaterThan(200);
    expect(watch.seen.filter(bytesHoldCanary)).toHaveLength(0);
    // Three records, their entries in the index, and the settings at least.
    expect(everything.size).toBeGreaterThanOrEqual(5);
    const leaks = [...everything].filter(([, parts]) => parts.some(bytesHoldCanary));
    expect(leaks.map(([key]) => key)).toEqual([]);
    expect(dump.length).toBeGreaterThan(1_000);
    expect(bytesHoldCanary(dump)).toBe(false);
  }, 20_000);

  it('the search would find them: everywhere when they are not sealed', async () => {
    const watch = await watchCommands(client);
    await run({ insecurePlaintext: true });
    watch.stop();
    expect(watch.seen.some(bytesHoldCanary)).toBe(true);
    const everything = await everythingIn(client);
    expect([...everything.values()].some((parts) => parts.some(bytesHoldCanary))).toBe(true);
    expect(bytesHoldCanary(await dumpOf(server))).toBe(true);
  }, 20_000);
});

const ANNA: TokenKey = { registrationId: 'acme', subject: 'anna' };
const BERTA: TokenKey = { registrationId: 'acme', subject: 'berta' };
const LOGIN = passwordGrant({ username: 'demo', password: 'demo-password' });

/** The names of the records in Redis. */
const recordKeys = async (): Promise<string[]> => (await client.keys('*:r:*')).sort();

/** What stands in each record, byte by byte. */
const recordBytes = async (): Promise<readonly string[]> =>
  Promise.all(
    (await recordKeys()).map(async (key) => {
      const fields = Object.entries(await client.hgetallBuffer(key)).sort();
      return fields.map(([name, value]) => `${name}=${value.toString('hex')}`).join();
    }),
  );

describe('bytes that somebody has tampered with', () => {
  let manager: TokenManager;
  let names: string[];

  beforeEach(async () => {
    const writer = bench.manager({ store: bench.store(server.url) });
    await writer.start();
    await writer.drain();
    for (const key of [ANNA, BERTA]) await writer.authenticate(key, LOGIN);
    names = await recordKeys();
    expect(names).toHaveLength(3);
    manager = bench.manager({ store: bench.store(server.url), timing: { maxWaitMs: 500 } });
  });

  /** Everything that a process may do with a record on its own. */
  async function expectRefused(keys: readonly TokenKey[]): Promise<void> {
    const requests = bench.requests().length;
    const before = await recordBytes();
    for (const key of keys) {
      for (const work of [
        manager.getAccessToken(key),
        manager.getTokenSet(key),
        manager.refresh(key),
        manager.status(key),
      ]) {
        const error = await failureOf(work);
        expect(isSealError(error) && error.reason).toBe('tampered');
        expect(holdsCanary(everythingOf(error))).toBe(false);
      }
    }
    // All are due: what does not open is told and left alone.
    for (const [index, name] of names.entries()) {
      const due = name.replace(/:r:.*$/, ':due');
      await client.zadd(due, index, name.replace(/^.*:r:/, ''));
    }
    const refresher = new TokenRefresher(manager);
    await refresher.tick();
    await refresher.stop();
    expect(bench.warnings.filter((text) => text.includes('cannot be opened'))).not.toEqual([]);
    // The one that does open is only put back on schedule.
    expect((await recordBytes()).map(withoutRevision)).toEqual(before.map(withoutRevision));
    expect(bench.requests()).toHaveLength(requests);
  }

  it('fault 61: two sealed bodies that change places are refused, and the records stay as they are', async () => {
    const subjects = names.filter(
      (name) => !name.includes(manager.engine.store.idOf({ registrationId: 'acme' })),
    );
    const [a = '', b = ''] = subjects;
    const [ofA, ofB] = [await client.hgetBuffer(a, 'b'), await client.hgetBuffer(b, 'b')];
    expect(ofA).not.toEqual(ofB);
    await client.hset(a, 'b', ofB as Buffer);
    await client.hset(b, 'b', ofA as Buffer);
    await expectRefused([ANNA, BERTA]);
  });

  it('fault 61: a body with a bit turned is refused', async () => {
    const name = names.find((each) => each.includes(manager.engine.store.idOf(ANNA))) ?? '';
    const body = (await client.hgetBuffer(name, 'b')) as Buffer;
    body[body.length >> 1] = (body[body.length >> 1] ?? 0) ^ 1;
    await client.hset(name, 'b', body);
    await expectRefused([ANNA]);
  });

  it('a new login makes the record whole again', async () => {
    const name = names.find((each) => each.includes(manager.engine.store.idOf(ANNA))) ?? '';
    const body = (await client.hgetBuffer(name, 'b')) as Buffer;
    await client.hset(name, 'b', body.subarray(0, 40));
    expect(isSealError(await failureOf(manager.getAccessToken(ANNA)))).toBe(true);
    const { accessToken } = await manager.authenticate(ANNA, LOGIN);
    expect(await manager.getAccessToken(ANNA)).toBe(accessToken);
  });
});

const withoutRevision = (record: string): string => record.replace(/,rev=[0-9a-f]+/, '');

describe('sealing keys', () => {
  const idKey = randomBytes(32);
  const [OLD, NEW] = ['old', 'new'].map((kid) => ({ kid, key: randomBytes(32) })) as [
    { kid: string; key: Buffer },
    { kid: string; key: Buffer },
  ];
  const KEYS: readonly TokenKey[] = Array.from({ length: 40 }, (_, index) => ({
    registrationId: 'acme',
    subject: `user-${index}`,
  }));

  /** Which key sealed the body of a record. */
  async function kidOf(name: string): Promise<string> {
    const body = (await client.hgetBuffer(name, 'b')) as Buffer;
    return body.toString('latin1', 2, 2 + (body[1] ?? 0));
  }

  const kidsInUse = async (): Promise<string[]> => [
    ...new Set(await Promise.all((await recordKeys()).map(kidOf))),
  ];

  const storeWith = async (
    ...kids: readonly { readonly kid: string; readonly key: Buffer }[]
  ): Promise<RedisTokenStore> => {
    const store = bench.store(server.url, { keys: new Keyring({ keys: kids, idKey }) });
    await store.start();
    return store;
  };

  const logIn = async (store: TokenStore, key: TokenKey, word: string): Promise<void> => {
    const now = await store.time();
    const times = { issuedAt: now, expiresAt: now + 60_000 };
    const tokens = { ...times, accessToken: `access-${word}`, tokenType: 'Bearer', extras: {} };
    await store.put(key, {
      intentId: `${word}-${key.subject}`,
      newEpoch: word,
      body: { key, tokens },
      facts: { ...times, dueAt: now + 45_000 },
      keepFresh: true,
      reason: 'login',
    });
  };

  it('change under load without a failed read; what is written next is sealed anew', async () => {
    const stores = [await storeWith(OLD)];
    for (const key of KEYS) await logIn(stores[0] as TokenStore, key, 'first');
    expect(await kidsInUse()).toEqual(['old']);

    const failures: unknown[] = [];
    let reads = 0;
    let isOver = false;
    const load = async (turn: number): Promise<void> => {
      for (let index = turn; !isOver; index += 1) {
        const key = KEYS[index % KEYS.length] as TokenKey;
        // Whichever processes are up now: the old ones go as the new ones come.
        for (const store of stores) {
          const record = await store.read(key).catch((error: unknown) => failures.push(error));
          reads += 1;
          if (typeof record !== 'object' || !record.tokens?.accessToken) failures.push(record);
        }
        if (index % 3 === 0) await (stores.at(-1) as TokenStore).touch(key, { usedAt: index });
      }
    };
    const loads = [0, 7, 14, 21].map(load);
    try {
      // Everybody learns the new key before anybody seals with it.
      for (const keys of [
        [OLD, NEW],
        [NEW, OLD],
      ] as const) {
        const readsBefore = reads;
        stores.push(await storeWith(...keys));
        await waitFor('a while with both', 5_000, () => reads > readsBefore + 500);
        stores.shift();
        await waitFor('a while with the newer', 5_000, () => reads > readsBefore + 1_000);
      }
      await waitFor(
        'all to be sealed anew',
        5_000,
        async () => (await kidsInUse()).join() === 'new',
      );
    } finally {
      isOver = true;
      await Promise.all(loads);
    }
    expect(failures).toEqual([]);
    const store = await storeWith(NEW);
    for (const key of KEYS) {
      expect((await store.read(key))?.tokens?.accessToken).toBe('access-first');
    }
  }, 20_000);

  it('without a key of ids of their own change too: those are derived from the last key', async () => {
    const before = bench.store(server.url, { keys: new Keyring({ keys: [OLD] }) });
    await before.start();
    await logIn(before, ANNA, 'first');
    const after = bench.store(server.url, { keys: new Keyring({ keys: [NEW, OLD] }) });
    await after.start();
    expect((await after.read(ANNA))?.tokens?.accessToken).toBe('access-first');
    expect(await kidsInUse()).toEqual(['old']);
    await after.touch(ANNA, { usedAt: 1 });
    expect(await kidsInUse()).toEqual(['new']);
  });

  it('fault 61: that are missing are an error of their own, never an empty token, and nothing is overwritten', async () => {
    await logIn(await storeWith(OLD), ANNA, 'first');
    await logIn(await storeWith(OLD), { registrationId: 'acme' }, 'first');
    const before = await recordBytes();
    const store = await storeWith(NEW);
    const manager = bench.manager({ store, timing: { maxWaitMs: 500 } });
    await manager.start();
    await manager.drain();
    for (const work of [
      store.read(ANNA),
      manager.getAccessToken(ANNA),
      manager.getAccessToken('acme'),
      manager.refresh('acme'),
    ]) {
      const error = await failureOf(work);
      expect(isSealError(error) && [error.reason, error.kid]).toEqual(['unknown_key', 'old']);
    }
    // A registration that could log in by itself does not do it over a record that it cannot read.
    expect(bench.requests()).toEqual([]);
    // The one that does open is only put back on schedule.
    expect((await recordBytes()).map(withoutRevision)).toEqual(before.map(withoutRevision));
  });
});
