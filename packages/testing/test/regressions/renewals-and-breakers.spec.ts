import { type ClientRegistration, isTokenUnavailableError, type TokenKey } from '@oauth-token/core';
import { failureOf, PASSWORD, RegressionBench } from './regression-bench.js';
import { json, refusal } from './scripted-endpoint.js';

let bench: RegressionBench;

beforeEach(() => {
  bench = new RegressionBench();
});
afterEach(() => bench.close());

const subject = (name: string): TokenKey => ({ registrationId: 'acme', subject: name });

describe('an API that refuses every token', () => {
  it('fault 69: gets one renewed token, and after that no more for 30 s', async () => {
    const manager = bench.manager();
    const first = await manager.getAccessToken('acme');
    const second = await manager.renewRejected('acme', first);
    expect(second).toBe('at2');
    for (let time = 0; time < 29; time += 1) {
      const error = await failureOf(manager.renewRejected('acme', second));
      expect(isTokenUnavailableError(error)).toBe(true);
      expect(error).toMatchObject({ code: 'token_unavailable', outcome: 'transient' });
      expect(String(error)).toContain('renewed_too_recently');
      await bench.clock.advance(1_000);
    }
    expect(bench.endpoint.count).toBe(2);
    await bench.clock.advance(1_000);
    expect(await manager.renewRejected('acme', second)).toBe('at3');
    expect(bench.endpoint.count).toBe(3);
  });

  it('fault 68: still lets those have the token who were refused an older one, in other processes too', async () => {
    const manager = bench.manager();
    const first = await manager.getAccessToken('acme');
    const second = await manager.renewRejected('acme', first);
    expect(await manager.renewRejected('acme', first)).toBe(second);
    expect(await bench.manager().renewRejected('acme', first)).toBe(second);
    expect(bench.endpoint.count).toBe(2);
  });

  it('does not hold back a renewal by hand', async () => {
    const manager = bench.manager();
    await manager.renewRejected('acme', await manager.getAccessToken('acme'));
    expect(await manager.refresh('acme')).toMatchObject({ outcome: 'refreshed', version: 3 });
  });
});

describe('a fault of one request', () => {
  it('such as a bogus scope stops that key alone', async () => {
    const manager = bench.manager();
    await manager.getAccessToken('acme');
    bench.endpoint.behaviour = ({ form }) =>
      form.get('scope') === 'bogus' ? refusal('invalid_scope') : bench.endpoint.issue();
    await bench.clock.advance(301_000);
    const bogus: TokenKey = { registrationId: 'acme', scope: ['bogus'] };
    for (let time = 0; time < 3; time += 1) {
      const error = await failureOf(manager.getAccessToken(bogus));
      expect(error).toMatchObject({ outcome: 'misconfigured' });
    }
    expect(bench.endpoint.count).toBe(2);
    expect(await manager.getAccessToken('acme')).toBe('at2');
  });

  it.each([
    ['interaction_required', 400],
    ['odd', 418],
    ['invalid_scope', 403],
  ])('answered with %s and status %d leaves the other subjects fresh', async (code, status) => {
    const manager = bench.manager(bench.loginless());
    bench.endpoint.behaviour = () => bench.endpoint.issue({ refresh_token: 'rt-a' });
    await manager.authenticate(subject('a'), PASSWORD);
    bench.endpoint.behaviour = () => bench.endpoint.issue({ refresh_token: 'rt-b' });
    await manager.authenticate(subject('b'), PASSWORD);
    bench.endpoint.behaviour = ({ refreshToken }) =>
      refreshToken === 'rt-a' ? refusal(code, status) : bench.endpoint.issue();
    let secondsWithout = 0;
    await bench.background(manager, 900, async () => {
      const { expiresAt = 0 } = await manager.status(subject('b'));
      if (expiresAt <= bench.clock.now()) secondsWithout += 1;
    });
    expect(secondsWithout).toBe(0);
    const tries = bench.endpoint.refreshTokens.filter((token) => token === 'rt-a');
    // 30 s, 60 s, 120 s, 240 s and so on.
    expect(tries.length).toBeGreaterThan(1);
    expect(tries.length).toBeLessThanOrEqual(5);
  });
});

describe('a fault of the client', () => {
  it.each([
    ['invalid_client', refusal('invalid_client', 400)],
    ['unauthorized_client', refusal('unauthorized_client', 400)],
    ['a 401', json(401, {})],
    ['a 404', json(404, {})],
    ['a 405', json(405, {})],
    ['a redirect', json(302, {})],
  ])('answered with %s stops every key of its registration, and no other', async (_name, fault) => {
    const registration = bench.loginless();
    const other = bench.loginless({ registrationId: 'other' });
    const manager = bench.manager(registration, { registrations: [registration, other] });
    for (const key of [subject('a'), subject('b'), 'other']) {
      await manager.authenticate(key, PASSWORD);
    }
    await bench.clock.advance(301_000);
    bench.endpoint.behaviour = () => fault;
    for (const key of [subject('a'), subject('b')]) {
      const error = await failureOf(manager.getAccessToken(key));
      expect(error).toMatchObject({ code: 'token_unavailable', outcome: 'misconfigured' });
    }
    expect(bench.endpoint.refreshTokens).toEqual(['rt1']);
    bench.endpoint.behaviour = () => bench.endpoint.issue();
    expect(await manager.getAccessToken('other')).toBe('at4');
  });

  it('costs no further request before its breaker ends, also after a burst', async () => {
    const registration = bench.loginless({ grantFor: () => Promise.resolve(PASSWORD) });
    const manager = bench.manager(registration, { timing: { maxWaitMs: 1_000 } });
    bench.endpoint.behaviour = () => refusal('invalid_client', 401);
    const names = Array.from({ length: 30 }, (_, index) => `user-${index}`);
    await Promise.all(names.map((name) => failureOf(manager.getAccessToken(subject(name)))));
    expect(bench.endpoint.count).toBeLessThanOrEqual(30);
    const burst = bench.endpoint.count;
    await bench.background(manager, 29, () => failureOf(manager.getAccessToken(subject('late'))));
    expect(bench.endpoint.count).toBe(burst);
  });

  it.each<[string, Partial<ClientRegistration>]>([
    ['secret', { clientSecret: 'right' }],
    ['id', { clientId: 'right' }],
    ['authentication', { clientAuthentication: 'client_secret_post' }],
  ])('does not hold back a corrected client %s', async (_name, correction) => {
    bench.endpoint.behaviour = () => refusal('invalid_client', 401);
    const error = await failureOf(bench.manager().getAccessToken('acme'));
    expect(error).toMatchObject({ outcome: 'misconfigured' });
    bench.endpoint.behaviour = () => bench.endpoint.issue();
    // The same settings in another process are held back still.
    await failureOf(bench.manager().getAccessToken('acme'));
    expect(bench.endpoint.count).toBe(1);
    const mended = bench.manager(bench.registration(correction));
    expect(await mended.getAccessToken('acme')).toBe('at1');
  });
});

describe('a bound on the requests of a registration', () => {
  it.each([1, 2, 5])('of %d renews six due keys in time all the same', async (concurrency) => {
    const manager = bench.manager(bench.loginless({ concurrency }));
    const keys = Array.from({ length: 6 }, (_, index) => subject(`user-${index}`));
    for (const key of keys) await manager.authenticate(key, PASSWORD);
    bench.endpoint.mostUnderWay = 0;
    bench.endpoint.behaviour = () => bench.endpoint.issueAfter(2_000);
    await bench.clock.advance(235_000);
    await bench.background(manager, 60);
    expect([...bench.endpoint.refreshTokens].sort()).toEqual([
      'rt1',
      'rt2',
      'rt3',
      'rt4',
      'rt5',
      'rt6',
    ]);
    expect(bench.endpoint.mostUnderWay).toBe(concurrency);
    for (const key of keys) expect((await manager.status(key)).state).toBe('fresh');
  });
});
