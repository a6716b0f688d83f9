import { ConfigurationError, type TokenManager } from '@oauth-token/core';
import { RedlockRefreshLock } from '@oauth-token/redis';
import {
  type RedisProcess,
  startRedis,
  startThree,
  type ThreeServers,
} from '../../../../tools/redis/index.mjs';
import { waitFor } from '../support/wait-for.js';
import { durationOf, RedisBench, START_MS } from './support/redis-bench.js';

/** How long the lock waits for its instances, and what a busy machine adds, ms. */
const LOCK_TIMEOUT_MS = 200;
const SLACK_MS = 1_000;
const ENDPOINT_MS = 100;

let tokens: RedisProcess;
let locks: ThreeServers;
let bench: RedisBench;
let cases = 0;

beforeAll(async () => {
  [tokens, locks] = await Promise.all([startRedis(), startThree()]);
}, START_MS);
afterAll(() => Promise.all([tokens.stop(), locks.stop()]));

beforeEach(async () => {
  cases += 1;
  bench = new RedisBench(`redlock-${cases}`);
  await bench.start();
});
afterEach(async () => {
  for (const server of locks.servers) {
    await server.thaw();
    if (!server.running) await server.restart();
  }
  await bench.stop();
}, 20_000);

const lockOf = (): RedlockRefreshLock => bench.lock(locks.urls, { timeoutMs: LOCK_TIMEOUT_MS });

/** Waits until a lock has found its instances. */
const connected = (lock: RedlockRefreshLock): Promise<void> =>
  waitFor('a lock that is connected', 5_000, async () => {
    return (await lock.tryAcquire('probe', 100)).status !== 'unavailable';
  });

/** Two replicas over one store, logged in. */
async function twoReplicas(): Promise<readonly [TokenManager, TokenManager]> {
  const replica = async (): Promise<TokenManager> => {
    const lock = lockOf();
    await connected(lock);
    const manager = bench.manager({ store: bench.store(tokens.url), lock });
    await manager.start();
    return manager;
  };
  const replicas = [await replica(), await replica()] as const;
  for (const manager of replicas) await manager.drain();
  expect(bench.requests()).toEqual(['password 200']);
  return replicas;
}

/** Both replicas want the token renewed at one time, again and again. */
async function renewTogether(
  replicas: readonly TokenManager[],
  times: number,
): Promise<{ readonly slowestMs: number }> {
  let slowestMs = 0;
  for (let round = 1; round <= times; round += 1) {
    bench.sandbox.addFault({ on: 'token', kind: 'delay', ms: ENDPOINT_MS });
    const before = bench.requests().length;
    const renewals = replicas.map((manager) => manager.refresh('acme'));
    slowestMs = Math.max(slowestMs, await durationOf(Promise.all(renewals)));
    for (const renewal of renewals) {
      expect(await renewal).toMatchObject({ outcome: 'refreshed', version: round + 1 });
    }
    expect(bench.requests().slice(before)).toEqual(['refresh_token 200']);
  }
  return { slowestMs };
}

it('with all instances up there is one token request per renewal', async () => {
  const replicas = await twoReplicas();
  const { slowestMs } = await renewTogether(replicas, 5);
  expect(slowestMs).toBeLessThan(ENDPOINT_MS + SLACK_MS);
});

it('with one instance killed renewals go on', async () => {
  const replicas = await twoReplicas();
  await locks.servers[0].kill();
  const { slowestMs } = await renewTogether(replicas, 4);
  expect(slowestMs).toBeLessThan(ENDPOINT_MS + LOCK_TIMEOUT_MS + SLACK_MS);
});

it('with one instance frozen renewals go on, and wait for it no longer than its time', async () => {
  const replicas = await twoReplicas();
  await locks.servers[1].freeze();
  const { slowestMs } = await renewTogether(replicas, 4);
  // It is waited for when the lock is taken and when it is given back.
  expect(slowestMs).toBeLessThan(ENDPOINT_MS + 2 * LOCK_TIMEOUT_MS + SLACK_MS);
}, 20_000);

it.each(['kill', 'freeze'] as const)(
  'fault 60: with two instances gone (%s) the outage is told, and renewals go on by the store alone',
  async (how) => {
    const replicas = await twoReplicas();
    const observer = lockOf();
    await connected(observer);
    await locks.servers[0][how]();
    await locks.servers[2][how]();
    const startedAt = performance.now();
    const attempt = await observer.tryAcquire('a', 3_000);
    expect(attempt).toMatchObject({ status: 'unavailable', reason: expect.any(String) as string });
    expect(performance.now() - startedAt).toBeLessThan(2 * LOCK_TIMEOUT_MS + SLACK_MS);
    const { slowestMs } = await renewTogether(replicas, 4);
    expect(slowestMs).toBeLessThan(ENDPOINT_MS + 2 * LOCK_TIMEOUT_MS + SLACK_MS);
  },
  20_000,
);

it('tells a held lock from an outage with one instance gone', async () => {
  const [mine, yours] = [lockOf(), lockOf()];
  await connected(mine);
  await connected(yours);
  await locks.servers[2].kill();
  const first = await mine.tryAcquire('a', 3_000);
  expect(first.status).toBe('acquired');
  expect((await yours.tryAcquire('a', 3_000)).status).toBe('held');
});

it.each([0, 2, 4])('fault 60: refuses %i instances', (count) => {
  const clients = Array.from({ length: count }, () => bench.client(tokens.url));
  const make = (): unknown => new RedlockRefreshLock(clients);
  expect(make).toThrow(ConfigurationError);
  expect(make).toThrow(/lock.*odd number/s);
});
