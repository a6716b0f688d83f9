import {
  type ClientRegistration,
  isOAuthTokenError,
  isStoreUnavailableError,
  MemoryTokenStore,
  type RecordBody,
  StoreUnavailableError,
  systemClock,
  type TokenManager,
} from '@oauth-token/core';
import { setTimeout as sleep } from 'node:timers/promises';
import { CatalogueBench, failureOf, PASSWORD } from './support/catalogue-bench.js';
import { ClockedEndpoint } from './support/clocked-endpoint.js';
import { SkewedClock } from './support/skewed-clock.js';

const HOUR_MS = 3_600_000;
const YEAR_MS = 365 * 24 * HOUR_MS;

let bench: CatalogueBench;
let endpoint: ClockedEndpoint;
/** The clock of the machine that the store is on. */
let storeClock: SkewedClock;
let store: MemoryTokenStore;

beforeEach(() => {
  bench = new CatalogueBench();
  endpoint = new ClockedEndpoint(bench.clock);
  storeClock = new SkewedClock(bench.clock);
  store = new MemoryTokenStore(storeClock);
});
afterEach(() => bench.stop());

const replica = (registration: ClientRegistration = bench.loginless()): TokenManager =>
  bench.manager(registration, { transport: endpoint, store });

const sentTokens = (): readonly string[] => endpoint.refreshes.map(({ token }) => token);

/** A tick of the sweep and a call at each manager, each second. Answers the calls that failed. */
async function live(managers: readonly TokenManager[], seconds: number): Promise<unknown[]> {
  const refreshers = managers.map((manager) => bench.refresher(manager));
  const failures: unknown[] = [];
  for (let second = 0; second < seconds; second += 1) {
    await Promise.all(refreshers.map((refresher) => refresher.tick()));
    const calls = managers.map((manager) =>
      manager.getAccessToken('acme').catch((error: unknown) => failures.push(error)),
    );
    await bench.clock.advance(1_000);
    await Promise.all(calls);
  }
  await Promise.all(refreshers.map((refresher) => refresher.stop()));
  return failures;
}

describe('the clock of the store', () => {
  it.each([
    ['an hour ahead', HOUR_MS],
    ['an hour back', -HOUR_MS],
  ])(
    'fault 63: that is set %s while a token is being refreshed lets no answer be lost',
    async (_how, jumpMs) => {
      const [here, there] = [replica(), replica()];
      await here.authenticate('acme', PASSWORD);
      await there.getAccessToken('acme');
      await bench.clock.advance(250_000);
      endpoint.answerMs = 5_000;
      const renewal = here.refresh('acme');
      await bench.clock.advance(1_000);
      storeClock.set(jumpMs);
      const other = there.refresh('acme');
      await bench.clock.advance(10_000);
      expect(await renewal).toMatchObject({ outcome: 'refreshed', version: 2 });
      expect(await other).toMatchObject({ outcome: 'refreshed', version: 2 });
      const record = await store.read({ registrationId: 'acme' });
      const siblings = (record?.state.siblings ?? []).map(
        ({ body }) => (body as RecordBody).tokens,
      );
      const kept = [record?.tokens, ...siblings];
      const sent = sentTokens().length;
      expect(kept.map((tokens) => tokens?.refreshToken)).toEqual(['rt2', 'rt3'].slice(0, sent));
      expect(sent).toBe(1);
    },
  );

  it.each([
    ['an hour ahead', HOUR_MS],
    ['an hour back', -HOUR_MS],
  ])(
    'fault 63: that is set %s leaves tokens that are renewed in time, by a request more at most',
    async (_how, jumpMs) => {
      const managers = [replica(), replica()];
      await managers[0]?.authenticate('acme', PASSWORD);
      storeClock.set(jumpMs);
      const failures = await live(managers, 900);
      expect(failures.filter(isOAuthTokenError)).toEqual([]);
      // Three lifetimes of 300 s are four renewals at most.
      expect(endpoint.refreshes.length).toBeGreaterThanOrEqual(3);
      expect(endpoint.refreshes.length).toBeLessThanOrEqual(5);
      expect(new Set(sentTokens()).size).toBe(sentTokens().length);
      expect(bench.told('reauthorizationRequired')).toEqual([]);
    },
  );

  it('fault 63: that was set back does not keep a record locked by the lease of a process that has died', async () => {
    const manager = replica();
    await manager.authenticate('acme', PASSWORD);
    const record = await store.read({ registrationId: 'acme' });
    const { version = 0, epoch = '' } = record?.state ?? {};
    await bench.clock.advance(250_000);
    const body = { key: { registrationId: 'acme' } };
    await store.begin(body.key, {
      intentId: 'of-the-dead',
      base: { version, epoch },
      owner: 'the dead',
      kind: 'refresh',
      fingerprint: record?.state.facts?.refreshFingerprint ?? '',
      leaseMs: 20_000,
      takeoverMs: 60_000,
      force: false,
      settings: '',
      fresh: { body, keepFresh: true },
    });
    storeClock.set(-HOUR_MS);
    await live([manager], 400);
    expect(sentTokens().filter((token) => token === 'rt1')).toHaveLength(1);
  });
});

describe('a machine that slept', () => {
  it('fault 64: does not serve a token that has ended meanwhile: the first call asks for the time', async () => {
    const manager = replica(bench.loginless({ grant: PASSWORD }));
    expect(await manager.getAccessToken('acme')).toBe('at1');
    // The monotonic clock of this machine stood still; the store was awake.
    bench.clock.jumpWall(HOUR_MS);
    storeClock.set(HOUR_MS);
    const call = manager.getAccessToken('acme');
    await bench.clock.advance(1_000);
    expect(await call).toBe('at2');
  });

  it('fault 64: with the store away its own wall clock is believed when that is later', async () => {
    const manager = replica();
    await manager.authenticate('acme', PASSWORD);
    const away = (): Promise<never> => Promise.reject(new StoreUnavailableError('away'));
    Object.assign(store, { read: away, time: away });
    expect(await manager.getAccessToken('acme')).toBe('at1');
    bench.clock.jumpWall(HOUR_MS);
    expect(isStoreUnavailableError(await failureOf(manager.getAccessToken('acme')))).toBe(true);
    expect(sentTokens()).toEqual([]);
  });
});

describe('tokens of ten years', () => {
  it('fault 65: are not renewed before their time, however often one looks', async () => {
    endpoint.lifetimeSeconds = (10 * YEAR_MS) / 1_000;
    const manager = replica();
    await manager.authenticate('acme', PASSWORD);
    const refresher = bench.refresher(manager);
    for (let year = 0; year < 7; year += 1) {
      for (let quarter = 0; quarter < 4; quarter += 1) {
        await refresher.tick();
        await bench.clock.advance(YEAR_MS / 4);
        expect(await manager.getAccessToken('acme')).toBe('at1');
      }
    }
    expect(endpoint.sentAt).toHaveLength(1);
    for (let month = 0; month < 24; month += 1) {
      await refresher.tick();
      await bench.clock.advance(YEAR_MS / 12);
    }
    expect(sentTokens()).toEqual(['rt1']);
  });

  it('fault 65: do not make a timer of the platform fire at once', async () => {
    let fired = 0;
    const timers = [10 * YEAR_MS, 1e15, Infinity].map((delayMs) =>
      systemClock.setTimer(() => (fired += 1), delayMs),
    );
    await sleep(30);
    for (const timer of timers) timer.cancel();
    expect(fired).toBe(0);
  });
});
