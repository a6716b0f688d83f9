import { Test } from '@nestjs/testing';
import { MemoryTokenStore, passwordGrant, type TokenManager } from '@oauth-token/core';
import { OAuthTokenModule, OAuthTokenService } from '@oauth-token/nestjs';
import { ManualClock } from '@oauth-token/testing';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RedisProcess, startRedis } from '../../../../tools/redis/index.mjs';
import { RedisBench, START_MS } from '../redis/support/redis-bench.js';
import { buildDemo, NodeProcess } from '../replicas/fleet.js';
import { SandboxBench } from '../support/sandbox-bench.js';
import { waitFor } from '../support/wait-for.js';
import { CatalogueBench, PASSWORD, refusal } from './support/catalogue-bench.js';

/** Tokens of 300 s are due then, when the dice show a half. */
const DUE_MS = 240_000;

describe('a process that stands still longer than its lease and the takeover delay', () => {
  it('fault 2: with a grace, what it got is kept beside what its successor got, and lives when that does not', async () => {
    const bench = new CatalogueBench();
    await bench.start();
    try {
      const registration = bench.loginless({ provider: bench.provider({ graceMs: 10_000 }) });
      const paused = new ManualClock();
      const here = bench.manager(registration, { clock: paused });
      const there = bench.manager(registration);
      await here.authenticate('acme', PASSWORD);
      for (const clock of [bench.clock, paused]) await clock.advance(DUE_MS);
      const answering = bench.gate();
      bench.behaviour = async () => {
        const reply = bench.issue();
        if (bench.requests.length === 2) await answering.passed;
        return reply;
      };
      const renewal = here.refresh('acme');
      await bench.received(2);
      await bench.clock.advance(6_000);
      expect(await there.refresh('acme')).toMatchObject({ outcome: 'refreshed', version: 2 });
      expect(bench.told('orphanFound')).toHaveLength(1);
      paused.stall(6_000);
      answering.open();
      expect(await renewal).toMatchObject({ outcome: 'refreshed', version: 2 });
      expect(await here.getAccessToken('acme')).toBe('at3');
      // The server holds the first of both for the living one.
      bench.behaviour = ({ refreshToken }) =>
        refreshToken === 'rt2' ? bench.issue() : refusal('invalid_grant');
      expect(await there.refresh('acme')).toMatchObject({ outcome: 'refreshed' });
      expect(await there.getAccessToken('acme')).toBe('at2');
      expect(await there.refresh('acme')).toMatchObject({ outcome: 'refreshed' });
      expect(bench.refreshTokens).toEqual(['rt1', 'rt1', 'rt3', 'rt2']);
      expect(bench.told('reauthorizationRequired')).toEqual([]);
    } finally {
      await bench.stop();
    }
  });

  describe('at a strict server', () => {
    /** How long the server holds its answer back, ms of real time. */
    const HELD_MS = 700;
    let bench: SandboxBench;
    let here: TokenManager;
    let there: TokenManager;
    let paused: ManualClock;

    beforeEach(async () => {
      bench = new SandboxBench();
      await bench.sandbox.start();
      paused = new ManualClock();
    });
    afterEach(async () => {
      const closing = here.close();
      await paused.advance(600_000);
      await closing;
      await bench.stop();
    });

    /** The first process has sent its refresh token and stands still; the second has taken over. */
    async function takenOver(loginless: boolean): Promise<{ readonly renewal: Promise<unknown> }> {
      const registration = bench.registration('oidc');
      if (loginless) Reflect.deleteProperty(registration, 'grant');
      const store = new MemoryTokenStore(bench.clock);
      const options = { store, timing: { maxWaitMs: 1 } };
      here = bench.manager(registration, { ...options, clock: paused });
      there = bench.manager(registration, options);
      const { name, password } = bench.account;
      await here.authenticate('oidc', passwordGrant({ username: name, password }));
      for (const clock of [bench.clock, paused]) await clock.advance(DUE_MS);
      bench.sandbox.addFault({ on: 'token', kind: 'delay', ms: HELD_MS });
      const renewal = here.refresh('oidc');
      await waitFor('the request', 2_000, () => bench.requests().length === 2);
      // A lease of 20 s and a takeover delay of 60 s.
      await bench.clock.advance(81_000);
      await there.refresh('oidc');
      return { renewal };
    }

    it('fault 2: a login settles the matter, and no refresh token is used twice', async () => {
      const { renewal } = await takenOver(false);
      const token = await there.getAccessToken('oidc');
      expect(await renewal).toMatchObject({ outcome: 'refreshed', version: 2 });
      expect(await here.getAccessToken('oidc')).toBe(token);
      expect(bench.sandbox.ledger().filter(({ reuse }) => reuse === true)).toEqual([]);
      expect(bench.requests().map(([grant]) => grant)).toEqual([
        'password',
        'refresh_token',
        'password',
      ]);
    });

    it('fault 2: without a login one reuse is counted, and it is told that a login is needed', async () => {
      const { renewal } = await takenOver(true);
      expect(bench.sandbox.ledger().filter(({ reuse }) => reuse === true)).toHaveLength(1);
      expect((await there.status('oidc')).state).toBe('reauthorizationRequired');
      expect(bench.countOf('reauthorizationRequired')).toBe(1);
      // What the late answer brings is dead with its family: the next refresh ends that as well, and nothing after it is sent.
      await renewal;
      for (let time = 0; time < 3; time += 1) {
        await there.refresh('oidc');
        await bench.clock.advance(90_000);
      }
      expect((await there.status('oidc')).state).toBe('reauthorizationRequired');
      expect(bench.sandbox.ledger().filter(({ reuse }) => reuse === true)).toHaveLength(1);
      expect(bench.requests().length).toBeLessThanOrEqual(4);
    });
  });
});

it('fault 12: two modules in one process that share a store log in once, and renew once', async () => {
  const bench = new CatalogueBench();
  await bench.start();
  const store = new MemoryTokenStore();
  const boot = async (): Promise<OAuthTokenService> => {
    const registrations = [bench.loginless({ grant: PASSWORD })];
    const module = OAuthTokenModule.forRoot({ registrations, store, refresher: false });
    const application = await Test.createTestingModule({ imports: [module] }).compile();
    closers.push(() => application.close());
    await application.init();
    return application.get(OAuthTokenService);
  };
  const closers: (() => Promise<void>)[] = [];
  try {
    const services = await Promise.all([boot(), boot()]);
    const tokens = await Promise.all(services.map((service) => service.getAccessToken('acme')));
    expect(tokens).toEqual(['at1', 'at1']);
    const renewed = await Promise.all(services.map((service) => service.refresh('acme')));
    expect(renewed).toMatchObject([{ version: 2 }, { version: 2 }]);
    expect(bench.requests.map(({ grant }) => grant)).toEqual(['password', 'refresh_token']);
  } finally {
    for (const close of closers) await close();
    await store.close();
    await bench.stop();
  }
});

describe('over one Redis', () => {
  let server: RedisProcess;

  beforeAll(async () => {
    server = await startRedis();
  }, START_MS);
  afterAll(() => server.stop());

  it('fault 13: twenty replicas that start at once over an empty store log in once', async () => {
    const bench = new RedisBench('herd');
    await bench.start();
    try {
      const replicas = Array.from({ length: 20 }, () =>
        bench.manager({
          store: bench.store(server.url),
          lock: bench.lock([server.url]),
          spill: false,
        }),
      );
      await Promise.all(replicas.map((manager) => manager.start()));
      await Promise.all(replicas.map((manager) => manager.drain()));
      const tokens = await Promise.all(replicas.map((manager) => manager.getAccessToken('acme')));
      expect(new Set(tokens).size).toBe(1);
      expect(bench.requests()).toEqual(['password 200']);
    } finally {
      await bench.stop();
    }
  }, 30_000);

  describe('an application that ends its own process', () => {
    const LIMIT_MS = 30_000;
    let bench: CatalogueBench;
    let folder: string;
    const workers: InstanceType<typeof NodeProcess>[] = [];
    const keys = `a:${randomBytes(32).toString('base64')}`;

    beforeAll(async () => {
      const built = await buildDemo();
      if (!built.ok) throw new Error(built.output);
    }, 240_000);
    beforeEach(async () => {
      bench = new CatalogueBench();
      await bench.start();
      folder = await mkdtemp(join(tmpdir(), 'oauth-token-exit-'));
      await server.cli('FLUSHALL');
    });
    afterEach(async () => {
      for (const worker of workers.splice(0)) if (worker.running) await worker.stop();
      await bench.stop();
      await rm(folder, { recursive: true, force: true });
    }, LIMIT_MS);

    const run = async (
      mode: string,
      nodeOptions = '',
    ): Promise<InstanceType<typeof NodeProcess>> => {
      const worker = new NodeProcess('apps/demo-e2e/test/catalogue/support/worker.mjs', {
        MODE: mode,
        TOKEN_URL: bench.url,
        REDIS_URL: server.url,
        TOKEN_KEYS: keys,
        FOLDER: join(folder, 'journal'),
        NODE_OPTIONS: nodeOptions,
      });
      workers.push(worker);
      await worker.ended;
      return worker;
    };

    it(
      'fault 11: in the middle of a refresh leaves its answer in the journal, and the next one goes on with it',
      async () => {
        expect(await (await run('exit')).ended).toBe(3);
        expect(bench.refreshTokens).toEqual(['rt1']);
        const next = await run('replay');
        expect(next.output).toContain('refreshed 3');
        expect(bench.refreshTokens).toEqual(['rt1', 'rt2']);
        expect(bench.requests.map(({ grant }) => grant)).toEqual([
          'password',
          'refresh_token',
          'refresh_token',
        ]);
      },
      LIMIT_MS,
    );

    it(
      'fault 11: no rejection goes unhandled, whatever fails',
      async () => {
        const answers = [
          () => bench.issue({ expires_in: 1 }),
          () => ({ status: 500, body: '<!doctype html>' }),
          () => ({ status: 200, body: '{"access_token":' }),
          () => bench.issue({ expires_in: 1 }),
          () => refusal('invalid_client', 401),
        ].values();
        bench.behaviour = () => (answers.next().value ?? (() => refusal('invalid_grant')))();
        const worker = await run('failures', '--unhandled-rejections=strict');
        expect(worker.output).toMatch(/^done$/m);
        expect(await worker.ended).toBe(0);
        expect(bench.requests.length).toBeGreaterThan(4);
      },
      LIMIT_MS,
    );
  });
});
