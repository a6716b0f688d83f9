import {
  type ClientRegistration,
  clientCredentialsGrant,
  type TokenKey,
  type TokenManager,
} from '@oauth-token/core';
import { failureOf, PASSWORD, RegressionBench } from './regression-bench.js';
import { json, NOT_SENT, refusal } from './scripted-endpoint.js';

let bench: RegressionBench;

beforeEach(() => {
  bench = new RegressionBench();
});
afterEach(() => bench.close());

const TEN_MINUTES = 600;

const subject = (name: number): TokenKey => ({ registrationId: 'acme', subject: `user-${name}` });

/** Lets the backgrounds of several processes work for so many seconds. */
async function inBackground(
  managers: readonly TokenManager[],
  seconds: number,
  look: () => unknown = () => undefined,
): Promise<void> {
  const refreshers = managers.map((manager) => bench.refresher(manager));
  for (let second = 0; second < seconds; second += 1) {
    await Promise.all(refreshers.map((refresher) => refresher.tick()));
    await bench.clock.advance(1_000);
    await bench.turns(2);
    await look();
  }
}

/** Three processes over one store, and a hundred keys that fall due together. */
async function fleet(
  overrides: Partial<ClientRegistration> = {},
): Promise<{ managers: readonly TokenManager[]; keys: readonly TokenKey[] }> {
  let drawn = 0;
  const random = (): number => (drawn = (drawn + 0.618) % 1);
  const managers = [1, 2, 3].map(() => bench.manager(bench.loginless(overrides), { random }));
  const keys = Array.from({ length: 100 }, (_, index) => subject(index));
  for (const key of keys) await managers[0]?.authenticate(key, PASSWORD);
  await bench.clock.advance(250_000);
  return { managers, keys };
}

/** The requests in each ten seconds that begin then, once the first burst is over. */
function inTens(from: number): readonly number[] {
  const tens = Array.from({ length: TEN_MINUTES / 10 }, () => 0);
  for (const { at } of bench.endpoint.tokenRequests) {
    const place = Math.floor((at - from) / 10_000);
    if (place >= 0 && place < tens.length) tens[place] = (tens[place] ?? 0) + 1;
  }
  return tens;
}

describe('a token endpoint that is down for ten minutes', () => {
  it.each([
    ['answers 500', () => json(500, {})],
    ['refuses connections', () => NOT_SENT],
    ['answers 503', () => json(503, {})],
  ])('and %s is asked once in ten seconds by the whole fleet', async (_how, behaviour) => {
    const { managers } = await fleet();
    const before = bench.endpoint.count;
    bench.endpoint.behaviour = behaviour;
    const from = bench.clock.now();
    await inBackground(managers, TEN_MINUTES);
    const [burst = 0, ...rest] = inTens(from);
    // Three processes with at most fifteen requests to a provider at one time.
    expect(burst).toBeLessThanOrEqual(45 + 1);
    // Ten seconds count from the end of a try.
    expect(Math.max(...rest)).toBeLessThanOrEqual(1);
    expect(bench.endpoint.count - before).toBeLessThanOrEqual(45 + TEN_MINUTES / 10);
    expect(rest.filter((count) => count > 0).length).toBeGreaterThan(40);
  });

  it('serves the valid tokens meanwhile, and has all renewed soon after it is back', async () => {
    const { managers, keys } = await fleet();
    bench.endpoint.behaviour = () => NOT_SENT;
    await inBackground(managers, 25, async () => {
      for (const key of keys.slice(0, 5)) {
        expect(await managers[1]?.getAccessToken(key)).toMatch(/^at/);
      }
    });
    bench.endpoint.behaviour = () => bench.endpoint.issue();
    // One try within ten seconds, and those that wait for it within five more.
    await inBackground(managers, 17);
    for (const key of keys) expect((await managers[2]?.status(key))?.state).toBe('fresh');
    expect(new Set(bench.endpoint.refreshTokens).size).toBe(keys.length);
  });

  it('does not hold back a renewal by hand', async () => {
    const { managers } = await fleet();
    bench.endpoint.behaviour = () => NOT_SENT;
    await inBackground(managers, 3);
    const before = bench.endpoint.count;
    expect(await managers[0]?.refresh(subject(50))).toMatchObject({ code: 'ECONNREFUSED' });
    expect(bench.endpoint.count).toBe(before + 1);
    bench.endpoint.behaviour = () => bench.endpoint.issue();
    expect(await managers[0]?.refresh(subject(50))).toMatchObject({ outcome: 'refreshed' });
  });

  it('tells who has no token when the next try is, and gives it to those who wait for it', async () => {
    const registration = bench.registration({ grant: clientCredentialsGrant() });
    const manager = bench.manager(registration, { timing: { maxWaitMs: 2_000 } });
    bench.endpoint.behaviour = () => NOT_SENT;
    let error: unknown;
    for (let time = 0; time < 20; time += 1) {
      const call = bench.watch(manager.getAccessToken('acme'));
      await bench.clock.advance(2_300);
      error = call.error;
      if (String(error).includes('token_endpoint_down')) break;
    }
    expect(error).toMatchObject({ code: 'token_unavailable', outcome: 'transient' });
    const { nextTryAt = 0 } = error as { nextTryAt?: number };
    expect(nextTryAt - bench.clock.now()).toBeLessThanOrEqual(10_500);
    expect(nextTryAt).toBeGreaterThan(bench.clock.now());
    bench.endpoint.behaviour = () => bench.endpoint.issue();
    await bench.clock.advance(nextTryAt - bench.clock.now() - 1_000);
    const waiting = bench.watch(manager.getAccessToken('acme'));
    await bench.clock.advance(1_000);
    expect(waiting.value).toBe('at1');
  });

  it('and whose server asks for more time gets it', async () => {
    const { managers } = await fleet();
    bench.endpoint.behaviour = () => {
      const response = { status: 503, headers: { 'retry-after': '60' }, body: '' };
      return { kind: 'response', response };
    };
    const from = bench.clock.now();
    await inBackground(managers, 120);
    const [, ...rest] = inTens(from);
    expect(rest.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(2);
  });
});

describe('a token that ends while its endpoint is thought to be down', () => {
  it('is renewed in time after an outage of a tenth of its life that begins just before it is due', async () => {
    const manager = bench.manager(bench.registration(), { random: () => 0.999 });
    bench.endpoint.behaviour = () => bench.endpoint.issue({ expires_in: 120 });
    await manager.getAccessToken('acme');
    await bench.clock.advance(101_000);
    const downUntil = bench.clock.now() + 12_000;
    bench.endpoint.behaviour = () =>
      bench.clock.now() < downUntil ? NOT_SENT : bench.endpoint.issue({ expires_in: 120 });
    const calls: { error?: unknown; value?: unknown }[] = [];
    await bench.background(manager, 40, () => {
      calls.push(bench.watch(manager.getAccessToken('acme')));
    });
    await bench.turns();
    expect(calls.flatMap(({ error }) => error ?? [])).toEqual([]);
    expect(calls.at(-1)?.value).toBe('at2');
  });
});

describe('failures that are not the endpoint’s', () => {
  /** A key that nothing has happened to yet. */
  const untouched: TokenKey = { registrationId: 'acme', scope: ['untouched'] };

  it('do not count when an answer comes in between', async () => {
    const manager = bench.manager(bench.registration({ grant: clientCredentialsGrant() }));
    for (const succeeds of [false, false, false, false, true, false]) {
      bench.endpoint.behaviour = () => (succeeds ? bench.endpoint.issue() : NOT_SENT);
      await manager.refresh('acme');
    }
    bench.endpoint.behaviour = () => bench.endpoint.issue();
    expect(await manager.getAccessToken(untouched)).toBe('at2');
  });

  it('do not count once another process has found the endpoint back', async () => {
    const registration = bench.registration({ grant: clientCredentialsGrant() });
    const [a, b] = [bench.manager(registration), bench.manager(registration)];
    bench.endpoint.behaviour = () => NOT_SENT;
    for (let time = 0; time < 5; time += 1) await a.refresh('acme');
    bench.endpoint.behaviour = () => bench.endpoint.issue();
    await b.refresh('acme');
    await bench.clock.advance(1_000);
    bench.endpoint.behaviour = () => NOT_SENT;
    await a.refresh('acme');
    bench.endpoint.behaviour = () => bench.endpoint.issue();
    expect(await a.getAccessToken(untouched)).toBe('at2');
  });

  it('do not count when it is the client secret that does not come', async () => {
    let works = false;
    const manager = bench.manager(
      bench.registration({
        grant: clientCredentialsGrant(),
        clientSecret: () => (works ? Promise.resolve('s') : Promise.reject(new Error('vault'))),
      }),
    );
    for (let time = 0; time < 10; time += 1) {
      expect(await manager.refresh('acme')).toMatchObject({ code: 'client_secret_unavailable' });
    }
    works = true;
    expect(await manager.getAccessToken(untouched)).toBe('at1');
  });

  it('count for no key that was only held back by them', async () => {
    const grant = clientCredentialsGrant();
    const manager = bench.manager(bench.registration({ grant }), { timing: { maxWaitMs: 100 } });
    bench.endpoint.behaviour = () => NOT_SENT;
    for (let time = 0; time < 5; time += 1) await manager.refresh('acme');
    for (let time = 0; time < 3; time += 1) {
      const call = bench.watch(manager.getAccessToken(untouched));
      await bench.clock.advance(100);
      expect(String(call.error)).toContain('token_endpoint_down');
      // Its own pause is over; the one try goes to the other.
      await bench.clock.advance(10_000);
      await manager.refresh('acme');
    }
    expect((await bench.store.read(untouched))?.state.backoff?.attempt).toBe(0);
  });

  it('hold back no registration that reaches the endpoint by another way', async () => {
    const grant = clientCredentialsGrant();
    const broken = bench.registration({ grant, http: { tls: { ca: 'not the right one' } } });
    const sound = bench.registration({ registrationId: 'sound', grant });
    const registrations = [broken, sound];
    const manager = bench.manager(broken, { registrations, timing: { maxWaitMs: 1_000 } });
    bench.endpoint.behaviour = () => NOT_SENT;
    for (let time = 0; time < 6; time += 1) await manager.refresh('acme');
    // Beyond the backoff of the key itself.
    await bench.clock.advance(8_500);
    const error = await failureOf(manager.getAccessToken('acme'));
    expect(String(error)).toContain('token_endpoint_down');
    bench.endpoint.behaviour = () => bench.endpoint.issue();
    expect(await manager.getAccessToken('sound')).toBe('at1');
  });
});

describe('the end of a pause', () => {
  const throttled = (retryAfter: string) => () =>
    ({
      kind: 'response',
      response: { status: 429, headers: { 'retry-after': retryAfter }, body: '' },
    }) as const;

  it('that a provider asked for is tried by one, while the others wait a moment', async () => {
    const { managers, keys } = await fleet();
    bench.endpoint.behaviour = throttled('30');
    await inBackground(managers, 29);
    const before = bench.endpoint.count;
    bench.endpoint.mostUnderWay = 0;
    bench.endpoint.behaviour = () => bench.endpoint.issueAfter(900);
    const from = bench.clock.now();
    await inBackground(managers, 2);
    expect(bench.endpoint.count - before).toBe(1);
    await inBackground(managers, 30);
    for (const key of keys) expect((await managers[0]?.status(key))?.state).toBe('fresh');
    expect(bench.clock.now() - from).toBeLessThan(60_000);
  });

  it('of a registration that was refused is tried by one, and longer pauses follow', async () => {
    const { managers } = await fleet();
    bench.endpoint.behaviour = () => refusal('invalid_client', 401);
    const from = bench.clock.now();
    await inBackground(managers, 300);
    const later = bench.endpoint.tokenRequests
      .map(({ at }) => at - from)
      .filter((at) => at > 10_000);
    // 30 s, 60 s, 120 s, each with the spread of those that were held back.
    expect(later).toHaveLength(3);
    expect((later[1] ?? 0) - (later[0] ?? 0)).toBeGreaterThanOrEqual(60_000);
    expect((later[2] ?? 0) - (later[1] ?? 0)).toBeGreaterThanOrEqual(120_000);
  });

  it('whose try vanished with its process is tried by another', async () => {
    const { managers } = await fleet();
    bench.endpoint.behaviour = () => NOT_SENT;
    await inBackground(managers, 5);
    const stuck = bench.gate();
    bench.endpoint.behaviour = () => stuck.passed.then(() => NOT_SENT);
    await inBackground(managers, 12);
    expect(bench.endpoint.mostUnderWay).toBeGreaterThan(0);
    const before = bench.endpoint.count;
    bench.endpoint.behaviour = () => bench.endpoint.issue();
    await inBackground(managers, 12);
    expect(bench.endpoint.count).toBeGreaterThan(before);
    stuck.open();
    await bench.turns();
  });
});

describe('Retry-After', () => {
  it.each([
    ['30', 30_000],
    ['0', 1_000],
    ['-5', 5_000],
    ['31536000', 600_000],
    ['9'.repeat(400), 5_000],
    ['soon', 5_000],
    ['', 5_000],
    ['Thu, 01 Jan 2026 00:00:40 GMT', 40_000],
    ['Thu, 01 Jan 2025 00:00:00 GMT', 1_000],
    ['Fri, 01 Jan 2100 00:00:00 GMT', 600_000],
    ['Thu, 99 Foo 2026 00:00:40 GMT', 5_000],
  ])('%p pauses the provider for %d ms, whatever our clock says', async (retryAfter, pauseMs) => {
    const manager = bench.manager();
    const other = bench.manager(bench.registration({ registrationId: 'other' }));
    // The server's clock is an hour off.
    bench.clock.jumpWall(3_600_000);
    bench.endpoint.behaviour = () => {
      const headers = { 'retry-after': retryAfter, date: 'Thu, 01 Jan 2026 00:00:00 GMT' };
      return { kind: 'response', response: { status: 429, headers, body: '' } };
    };
    const { nextTryAt = 0 } = (await manager.refresh('acme')) as { nextTryAt?: number };
    expect(nextTryAt - (await bench.store.time())).toBe(pauseMs);
    bench.endpoint.behaviour = () => bench.endpoint.issue();
    await bench.clock.advance(pauseMs - 1);
    expect(await other.refresh('other')).toMatchObject({ outcome: 'throttled' });
    await bench.clock.advance(1);
    expect(await manager.refresh('acme')).toMatchObject({ outcome: 'refreshed' });
  });
});
