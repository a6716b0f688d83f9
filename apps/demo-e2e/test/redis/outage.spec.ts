import { Test } from '@nestjs/testing';
import { isStoreUnavailableError, TokenManager } from '@oauth-token/core';
import { OAuthTokenHealthIndicator, OAuthTokenModule } from '@oauth-token/nestjs';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type RedisProcess,
  startProxy,
  startRedis,
  type TcpProxy,
} from '../../../../tools/redis/index.mjs';
import { waitFor } from '../support/wait-for.js';
import { durationOf, failureOf, RedisBench, START_MS } from './support/redis-bench.js';

/** How long a command may wait in these tests, ms, and what a busy machine adds. */
const TIMEOUT_MS = 300;
const SLACK_MS = 1_200;

let server: RedisProcess;
let bench: RedisBench;
let cases = 0;

beforeAll(async () => {
  server = await startRedis({ config: { appendonly: 'yes', appendfsync: 'always' } });
}, START_MS);
afterAll(() => server.stop());

beforeEach(async () => {
  cases += 1;
  bench = new RedisBench(`outage-${cases}`);
  await bench.start();
});
afterEach(async () => {
  // A commit that is not confirmed holds a manager up until the store is back.
  await server.thaw();
  if (!server.running) await server.restart();
  await bench.stop();
}, 20_000);

/** A manager that has logged in. */
async function managerOf(url = server.url, lifetimeSeconds = 300): Promise<TokenManager> {
  bench.sandbox.configure({ accessTokenLifetimeSeconds: lifetimeSeconds });
  const manager = bench.manager({ store: bench.store(url), timing: { maxWaitMs: 2_000 } });
  await manager.start();
  await manager.drain();
  return manager;
}

/** Waits until Redis has a version, and gives the token as a process sees it that knows nothing but what Redis has. */
async function storedToken(version: number): Promise<string> {
  const manager = bench.manager({ store: bench.store(server.url) });
  await waitFor(`version ${version} in Redis`, 8_000, () =>
    manager.status('acme').then(
      (status) => status.version === version,
      () => false,
    ),
  );
  return manager.getAccessToken('acme');
}

describe('Redis stopped', () => {
  it('unexpired tokens are served, nothing rotates, health is degraded; back: it goes on', async () => {
    bench.sandbox.configure({ accessTokenLifetimeSeconds: 4 });
    const application = await Test.createTestingModule({
      imports: [
        OAuthTokenModule.forRoot({
          registrations: [bench.registration()],
          store: bench.store(server.url),
          refresher: false,
          timing: { maxWaitMs: 1_000 },
        }),
      ],
    }).compile();
    bench.onStop(() => application.close());
    await application.init();
    const manager = application.get(TokenManager);
    const health = application.get(OAuthTokenHealthIndicator);
    await manager.drain();
    const { accessToken, expiresAt } = await manager.getTokenSet('acme');
    const before = await manager.status('acme');

    await server.kill('SIGTERM');
    const { dueAt = Infinity } = before;
    let servedDue = 0;
    while (Date.now() < expiresAt - TIMEOUT_MS - 100) {
      const isDue = Date.now() >= dueAt;
      expect(await manager.getAccessToken('acme')).toBe(accessToken);
      if (isDue) servedDue += 1;
      await sleep(50);
    }
    expect(servedDue).toBeGreaterThan(0);
    expect(await health.isHealthy()).toMatchObject({
      oauthToken: { status: 'up', degraded: ['acme'], down: [] },
    });
    await sleep(Math.max(expiresAt - Date.now() + 1, 0));
    const error = await failureOf(manager.getAccessToken('acme'));
    expect(isStoreUnavailableError(error)).toBe(true);
    expect(bench.requests()).toEqual(['password 200']);

    await server.restart();
    await waitFor('a token after the outage', 5_000, () =>
      manager.getAccessToken('acme').then(
        () => true,
        () => false,
      ),
    );
    expect(await manager.getAccessToken('acme')).not.toBe(accessToken);
    expect(bench.requests()).toEqual(['password 200', 'refresh_token 200']);
    expect(await health.isHealthy()).toMatchObject({ oauthToken: { status: 'up', degraded: [] } });
  }, 20_000);

  it('fault 44: at boot: the manager starts, warns, and logs in when Redis comes', async () => {
    await server.kill('SIGTERM');
    const manager = bench.manager({ store: bench.store(server.url) });
    expect(await durationOf(manager.start())).toBeLessThan(3 * TIMEOUT_MS + SLACK_MS);
    expect(bench.warnings.join('\n')).toMatch(/did not answer|did not take/);
    const error = await failureOf(manager.getAccessToken('acme'));
    expect(isStoreUnavailableError(error)).toBe(true);
    expect(bench.requests()).toEqual([]);

    await server.restart();
    // Nobody calls: the boot login is tried again by itself.
    await waitFor('the boot login', 8_000, () => bench.requests().length > 0);
    await waitFor(
      'a fresh token',
      2_000,
      async () => (await manager.status('acme')).state === 'fresh',
    );
    expect(bench.requests()).toEqual(['password 200']);
  }, 20_000);
});

describe('Redis frozen', () => {
  it('a token in memory is served at once, everything else fails within the command timeout', async () => {
    const manager = await managerOf();
    const token = await manager.getAccessToken('acme');
    await server.freeze();
    expect(await durationOf(manager.getAccessToken('acme'))).toBeLessThan(50);
    expect(await manager.getAccessToken('acme')).toBe(token);
    const subject = { registrationId: 'acme', subject: 'anna' };
    const bound = TIMEOUT_MS + SLACK_MS;
    expect(await durationOf(manager.getAccessToken(subject))).toBeLessThan(bound);
    expect(await durationOf(manager.refresh('acme'))).toBeLessThan(bound);
    expect(await durationOf(manager.status('acme'))).toBeLessThan(bound);
    expect(isStoreUnavailableError(await failureOf(manager.getAccessToken(subject)))).toBe(true);
    expect(bench.requests()).toEqual(['password 200']);

    await server.thaw();
    const { outcome } = await manager.refresh('acme');
    expect(outcome).toBe('refreshed');
    expect(bench.requests()).toEqual(['password 200', 'refresh_token 200']);
  }, 20_000);

  it('at boot: the manager starts within a few command timeouts', async () => {
    await server.freeze();
    const manager = bench.manager({ store: bench.store(server.url) });
    expect(await durationOf(manager.start())).toBeLessThan(3 * TIMEOUT_MS + SLACK_MS);
    await server.thaw();
    await waitFor('the boot login', 8_000, () => bench.requests().length > 0);
    await manager.drain();
    expect(bench.requests()).toEqual(['password 200']);
  }, 20_000);
});

describe('a commit whose fate is not known', () => {
  let proxy: TcpProxy | undefined;
  afterEach(() => proxy?.stop());

  it('written, but the reply is lost: it counts once', async () => {
    proxy = await startProxy(server);
    const manager = await managerOf(proxy.url);
    const before = await manager.getAccessToken('acme');
    // The change message tells the write of a refresh from all others.
    const dropped = proxy.dropNextReply(' tokens 2 ');
    const outcome = await manager.refresh('acme');
    await dropped;
    expect(outcome).toMatchObject({ outcome: 'refreshed', version: 2 });
    const after = await manager.getAccessToken('acme');
    expect(after).not.toBe(before);
    expect(await storedToken(2)).toBe(after);
    expect(bench.requests()).toEqual(['password 200', 'refresh_token 200']);
  });

  it('Redis ended while the token request was under way: the tokens are served, and stored once it is back', async () => {
    const manager = await managerOf();
    const before = await manager.getAccessToken('acme');
    bench.sandbox.addFault({ on: 'token', kind: 'delay', ms: 600 });
    const refreshing = manager.refresh('acme');
    await waitFor('the token request', 2_000, () => bench.requests().length === 2);
    await server.kill('SIGKILL');
    expect(await refreshing).toMatchObject({ outcome: 'refreshed', version: 2 });
    const after = await manager.getAccessToken('acme');
    expect(after).not.toBe(before);
    // While it is not stored nothing is renewed on top of it.
    expect(await manager.refresh('acme')).toMatchObject({ outcome: 'refreshed', version: 2 });
    expect(await manager.getAccessToken('acme')).toBe(after);

    await server.restart();
    expect(await storedToken(2)).toBe(after);
    expect(bench.requests()).toEqual(['password 200', 'refresh_token 200']);
    // The refresh token that was stored is the living one.
    expect(await manager.refresh('acme')).toMatchObject({ outcome: 'refreshed', version: 3 });
    expect(bench.requests().at(-1)).toBe('refresh_token 200');
  }, 20_000);
});
