import { ScheduleModule, SchedulerRegistry } from '@nestjs/schedule';
import { MemoryTokenStore } from '@oauth-token/core';
import type { TestingModule } from '@nestjs/testing';
import type { CronJob } from 'cron';
import { eventually, useBench } from '../test/compile.js';
import {
  OAUTH_TOKEN_REFRESHER_JOB,
  OAuthTokenModule,
  type OAuthTokenModuleOptions,
  OAuthTokenService,
} from './index.js';

const bench = useBench({ random: 0.25 });

const boot = (more: Partial<OAuthTokenModuleOptions> = {}): Promise<TestingModule> =>
  bench.boot([
    ScheduleModule.forRoot(),
    OAuthTokenModule.forRoot({
      registrations: [bench.servers.registration()],
      // Never by itself during a test.
      refresher: { cron: '0 0 1 1 *' },
      ...more,
    }),
  ]);

const jobOf = (app: TestingModule): CronJob =>
  app.get(SchedulerRegistry, { strict: false }).getCronJob(OAUTH_TOKEN_REFRESHER_JOB);

const loggedIn = async (app: TestingModule): Promise<OAuthTokenService> => {
  const tokens = app.get(OAuthTokenService);
  await tokens.getAccessToken('acme');
  return tokens;
};

/** Lets the phase of a tick pass. */
const phase = 250;

it('renews at a tick what is due, and nothing before', async () => {
  const app = await boot();
  const tokens = await loggedIn(app);
  const tick = async (): Promise<void> => {
    const done = jobOf(app).fireOnTick();
    bench.clock.advance(phase);
    await done;
  };
  await tick();
  expect(bench.servers.tokenRequests).toHaveLength(1);
  bench.clock.advance(90_000);
  await tick();
  await eventually(async () => (await tokens.status('acme')).version === 2);
  expect(bench.servers.tokenRequests.map((body) => body.get('grant_type'))).toEqual([
    'password',
    'refresh_token',
  ]);
});

it('ticks by its cron', async () => {
  const app = await boot({ refresher: { cron: '* * * * * *' } });
  await loggedIn(app);
  expect(bench.clock.delays).not.toContain(phase);
  await eventually(() => bench.clock.delays.includes(phase));
});

it('waits its own phase within the tick', async () => {
  const store = new MemoryTokenStore(bench.clock);
  let claims = 0;
  const claim = store.claimDue.bind(store);
  store.claimDue = (options) => ((claims += 1), claim(options));
  const app = await boot({ store });
  const done = jobOf(app).fireOnTick();
  bench.clock.advance(phase - 1);
  await new Promise((resolve) => setImmediate(resolve));
  expect(claims).toBe(0);
  bench.clock.advance(1);
  await done;
  expect(claims).toBe(1);
});

it('waits at shutdown for the renewal in flight, whose answer is kept', async () => {
  const store = new MemoryTokenStore(bench.clock);
  const app = await boot({ store });
  const tokens = await loggedIn(app);
  const release = bench.servers.hold();
  bench.clock.advance(90_000);
  void jobOf(app).fireOnTick();
  bench.clock.advance(phase);
  await eventually(() => bench.servers.tokenRequests.length === 2);
  let closed = false;
  const closing = app.close().then(() => (closed = true));
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(closed).toBe(false);
  expect(jobOf(app).isActive).toBe(false);
  release();
  await closing;
  const record = await store.read({ registrationId: 'acme' });
  expect(record?.state.version).toBe(2);
  expect(tokens).toBeDefined();
});

it('waits at shutdown for a login that a request has started', async () => {
  const release = bench.servers.hold();
  const app = await boot({ refresher: false });
  await eventually(() => bench.servers.tokenRequests.length === 1);
  let closed = false;
  const closing = app.close().then(() => (closed = true));
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(closed).toBe(false);
  release();
  await closing;
});

it('does not wait longer than shutdownTimeoutMs, and says so', async () => {
  const app = await boot({ shutdownTimeoutMs: 3_000 });
  await loggedIn(app);
  const release = bench.servers.hold();
  bench.clock.advance(90_000);
  void jobOf(app).fireOnTick();
  bench.clock.advance(phase);
  await eventually(() => bench.servers.tokenRequests.length === 2);
  const closing = app.close();
  await eventually(() => bench.clock.delays.includes(3_000));
  bench.clock.advance(3_000);
  await eventually(() => bench.clock.delays.includes(3_000));
  bench.clock.advance(3_000);
  await closing;
  expect(
    bench.logger.own.filter((line) => line.includes('after 3000 ms of shutdown')),
  ).toHaveLength(2);
  release();
});

it('starts nothing after the shutdown has begun, not even a tick in its phase', async () => {
  const app = await boot();
  await loggedIn(app);
  bench.clock.advance(90_000);
  const tick = jobOf(app).fireOnTick();
  await app.close();
  await tick;
  expect(bench.servers.tokenRequests).toHaveLength(1);
});

it('tells a failing sweep once, and goes on', async () => {
  const store = new MemoryTokenStore(bench.clock);
  const app = await boot({ store });
  const claim = store.claimDue.bind(store);
  const tick = async (): Promise<void> => {
    const done = jobOf(app).fireOnTick();
    bench.clock.advance(phase);
    await done;
  };
  store.claimDue = () => Promise.reject(new Error('the store is away'));
  await tick();
  await tick();
  const told = (): string[] => bench.logger.own.filter((line) => line.includes('is away'));
  expect(told()).toEqual([
    'warn The sweep for due tokens failed and goes on with the next tick: the store is away',
  ]);
  store.claimDue = claim;
  await tick();
  store.claimDue = () => Promise.reject(new Error('the store is away again'));
  await tick();
  expect(told()).toHaveLength(2);
});
