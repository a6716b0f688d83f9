import {
  isReauthorizationRequiredError,
  passwordGrant,
  type TokenManager,
  TokenRefresher,
} from '@oauth-token/core';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type RedisProcess, startRedis } from '../../../../tools/redis/index.mjs';
import { waitFor } from '../support/wait-for.js';
import { failureOf, RedisBench, START_MS } from './support/redis-bench.js';

const PASSWORD = passwordGrant({ username: 'demo', password: 'demo-password' });

/** A server that is told to may keep a copy of its data; by itself it keeps nothing. */
const CONFIG = { save: '', appendonly: 'no', dbfilename: 'dump.rdb' };

let server: RedisProcess;
let bench: RedisBench;
let cases = 0;

beforeEach(async () => {
  cases += 1;
  server = await startRedis({ config: CONFIG });
  bench = new RedisBench(`lost-${cases}`);
  await bench.start();
  bench.sandbox.configure({ accessTokenLifetimeSeconds: 300 });
}, START_MS);
afterEach(async () => {
  await server.thaw();
  if (!server.running) await server.restart();
  await bench.stop();
  await server.stop();
}, 20_000);

interface Replica {
  readonly manager: TokenManager;
  /** What it has put back. */
  readonly restored: readonly string[];
  /** Whether it has been told that it may have missed changes. */
  readonly hasGap: () => boolean;
}

/** A process that cannot log in by itself, so that nothing but the stored tokens can go on. */
async function replica(): Promise<Replica> {
  const loginless = bench.registration({ http: { timeoutMs: 1_000 } });
  Reflect.deleteProperty(loginless, 'grant');
  const store = bench.store(server.url);
  const manager = bench.manager({ registrations: [loginless], store });
  let hasGap = false;
  store.subscribe(({ kind }) => {
    hasGap ||= kind === 'gap';
  });
  const restored: string[] = [];
  manager.events.on('restored', ({ version, reason }) => restored.push(`${version} ${reason}`));
  await manager.start();
  return { manager, restored, hasGap: () => hasGap };
}

/** How the key stands in Redis, as somebody sees it who knows nothing else. */
async function stored(): Promise<string> {
  const record = await bench.store(server.url).read({ registrationId: 'acme' });
  return record === undefined ? 'nothing' : `${record.state.version} ${record.state.status}`;
}

/** The score of the record in the due index. */
async function scheduledAt(): Promise<number> {
  for (let shard = 0; shard < 16; shard += 1) {
    const [, score] = (await server.cli(
      'ZRANGE',
      `${bench.prefix}:{${shard}}:due`,
      0,
      -1,
      'WITHSCORES',
    )) as string[];
    if (score !== undefined) return Number(score);
  }
  return Infinity;
}

/** Redis comes back with what is in its folder: nothing, or the copy that was saved there. */
async function comeBack(): Promise<void> {
  await server.kill('SIGKILL');
  await server.restart();
}

it('restarted empty: the token goes on, is in the index again, and is refreshed once', async () => {
  // Short tokens rest for a short time once they were put back.
  bench.sandbox.configure({ accessTokenLifetimeSeconds: 12 });
  const { manager, restored } = await replica();
  const other = await replica();
  const { accessToken } = await manager.authenticate('acme', PASSWORD);
  expect(await other.manager.getAccessToken('acme')).toBe(accessToken);
  await comeBack();
  await waitFor('the record in Redis', 5_000, async () => (await stored()) === '1 active');
  expect(await scheduledAt()).toBeLessThan(Date.now() + 12_000);
  expect(await manager.getAccessToken('acme')).toBe(accessToken);
  // Whoever was first; the other one has met it there.
  expect([...restored, ...other.restored]).toEqual(['1 storeEmpty']);

  const refreshers = [manager, other.manager].map((one) => new TokenRefresher(one));
  bench.onStop(async () => {
    for (const refresher of refreshers) await refresher.stop();
  });
  await waitFor('the renewal that nobody has asked for', 12_000, async () => {
    for (const refresher of refreshers) await refresher.tick();
    return (await stored()) === '2 active';
  });
  expect(await manager.getAccessToken('acme')).not.toBe(accessToken);
  expect(bench.requests()).toEqual(['password 200', 'refresh_token 200']);
}, 40_000);

it('restored from an old copy: the refresh token in it is never sent', async () => {
  bench.sandbox.configure({ accessTokenLifetimeSeconds: 20 });
  const { manager, restored } = await replica();
  const behind = await replica();
  await manager.authenticate('acme', PASSWORD);
  await server.cli('SAVE');
  const dump = join(server.dir, 'dump.rdb');
  await copyFile(dump, `${dump}.copy`);
  await manager.refresh('acme');
  const token = await manager.getAccessToken('acme');
  await server.kill('SIGKILL');
  await copyFile(`${dump}.copy`, dump);
  await server.restart();
  // Whoever asks first waits for what another one knows.
  await waitFor('the gap', 5_000, behind.hasGap);
  const refreshing = [manager, behind.manager].map((one) => one.refresh('acme'));
  await waitFor('the newer tokens in Redis', 5_000, async () => (await stored()) === '2 active');
  expect(restored).toEqual(['2 storeBehind']);
  expect(await behind.manager.getAccessToken('acme')).toBe(token);
  await Promise.all(refreshing);
  for (const request of bench.requests()) expect(request).not.toContain('reuse');
  expect(bench.requests().slice(0, 2)).toEqual(['password 200', 'refresh_token 200']);
}, 40_000);

it('emptied after a logout: it stays forgotten, whoever has heard of that', async () => {
  const { manager } = await replica();
  const other = await replica();
  await manager.authenticate('acme', PASSWORD);
  await other.manager.getAccessToken('acme');
  await manager.forget('acme');
  await waitFor('the news of it', 5_000, async () => (await stored()) === '2 forgotten');
  const heard = failureOf(other.manager.getAccessToken('acme'));
  expect(isReauthorizationRequiredError(await heard)).toBe(true);
  // The one that has forgotten it is not there any more.
  await manager.close();
  await comeBack();
  await waitFor('the tombstone in Redis', 5_000, async () => (await stored()) === '2 forgotten');
  const error = await failureOf(other.manager.getAccessToken('acme'));
  expect(isReauthorizationRequiredError(error)).toBe(true);
  expect(bench.requests()).toEqual(['password 200']);
}, 40_000);
