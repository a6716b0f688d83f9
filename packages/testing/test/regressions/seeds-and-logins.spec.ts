import {
  isReauthorizationRequiredError,
  isTokenEndpointError,
  passwordGrant,
  refreshTokenGrant,
  type TokenKey,
} from '@oauth-token/core';
import { failureOf, PASSWORD, RegressionBench } from './regression-bench.js';
import { LOST, NOT_SENT, refusal } from './scripted-endpoint.js';

const DAY_MS = 24 * 3_600_000;

let bench: RegressionBench;

beforeEach(() => {
  bench = new RegressionBench();
});
afterEach(() => bench.close());

const seed = (refreshToken: string) => refreshTokenGrant({ refreshToken });

describe('a configured refresh token', () => {
  const seeded = (refreshToken: string) => bench.registration({ grant: seed(refreshToken) });

  it('is not sent again after another login has replaced it and died', async () => {
    const manager = bench.manager(seeded('seed-a'));
    await manager.getAccessToken('acme');
    await manager.authenticate('acme', seed('seed-b'));
    bench.endpoint.behaviour = () => refusal('invalid_grant');
    await bench.clock.advance(301_000);
    const error = await failureOf(manager.getAccessToken('acme'));
    expect(isReauthorizationRequiredError(error)).toBe(true);
    expect(bench.endpoint.refreshTokens).toEqual(['seed-a', 'seed-b', 'rt2']);
    expect(bench.told('reauthorizationRequired')).toHaveLength(1);
  });

  it.each([
    ['while its tombstone stands', 1_000],
    ['when its tombstone has ended', DAY_MS + 3_600_000],
  ])('is not sent again after forget, %s', async (_when, laterMs) => {
    const manager = bench.manager(seeded('seed-a'));
    await manager.getAccessToken('acme');
    await manager.forget('acme');
    await bench.clock.advance(laterMs);
    const error = await failureOf(manager.getAccessToken('acme'));
    expect(isReauthorizationRequiredError(error)).toBe(true);
    expect(bench.endpoint.refreshTokens).toEqual(['seed-a']);
  });

  it('stays known when the sweep has cleared its tombstone away', async () => {
    const manager = bench.manager(seeded('seed-a'));
    await manager.getAccessToken('acme');
    await manager.forget('acme');
    await bench.clock.advance(2 * DAY_MS);
    await bench.refresher(manager).tick();
    await failureOf(manager.getAccessToken('acme'));
    expect(bench.endpoint.refreshTokens).toEqual(['seed-a']);
  });

  it('is sent for one key only, also when it is asked for with other scopes', async () => {
    const registration = bench.loginless({ grantFor: () => Promise.resolve(seed('seed-of-user')) });
    const manager = bench.manager(registration);
    const key: TokenKey = { registrationId: 'acme', subject: 'user' };
    expect(await manager.getAccessToken(key)).toBe('at1');
    await failureOf(manager.getAccessToken({ ...key, scope: ['other'] }));
    expect(bench.endpoint.refreshTokens).toEqual(['seed-of-user']);
  });

  it('counts as a new login when it is another one', async () => {
    let refreshToken = 'seed-a';
    const manager = bench.manager(bench.registration(), {
      registrations: { find: () => Promise.resolve(seeded(refreshToken)) },
    });
    await manager.getAccessToken('acme');
    refreshToken = 'seed-b';
    await bench.clock.advance(301_000);
    await manager.getAccessToken('acme');
    expect(bench.endpoint.refreshTokens).toEqual(['seed-a', 'seed-b']);
  });
});

describe('a login by hand with a refresh token', () => {
  it.each([
    ['the server refuses it', refusal('invalid_grant'), 'invalid_grant'],
    ['the server cannot be reached', NOT_SENT, 'ECONNREFUSED'],
    ['the answer is lost', LOST, 'timeout'],
  ])('changes nothing that is stored when %s', async (_why, answer, code) => {
    const manager = bench.manager(bench.loginless());
    await manager.authenticate('acme', PASSWORD);
    const before = await bench.store.read({ registrationId: 'acme' });
    bench.endpoint.behaviour = () => answer;
    const error = await failureOf(manager.authenticate('acme', seed('bad')));
    expect(isTokenEndpointError(error)).toBe(true);
    expect(error).toMatchObject({ error: code });
    expect(bench.endpoint.refreshTokens).toEqual(['bad']);
    expect(await bench.store.read({ registrationId: 'acme' })).toEqual(before);
    expect(await manager.getAccessToken('acme')).toBe('at1');
  });

  it.each([
    ['is the present one', 'rt2'],
    ['was rotated away', 'rt1'],
    ['is the configured one, spent long ago', 'seed-a'],
  ])('is refused without a request when it %s', async (_how, refreshToken) => {
    const manager = bench.manager(bench.registration({ grant: seed('seed-a') }));
    await manager.getAccessToken('acme');
    await manager.refresh('acme');
    const error = await failureOf(manager.authenticate('acme', seed(refreshToken)));
    expect(isTokenEndpointError(error)).toBe(true);
    expect(error).toMatchObject({ error: 'refresh_token_known' });
    expect(bench.endpoint.refreshTokens).toEqual(['seed-a', 'rt1']);
    expect(await manager.getAccessToken('acme')).toBe('at2');
  });

  it('wins over a renewal that comes in between', async () => {
    const manager = bench.manager(bench.loginless());
    await manager.authenticate('acme', PASSWORD);
    bench.store.afterNextRead = async () => {
      await manager.refresh('acme');
    };
    const tokens = await manager.authenticate('acme', seed('imported'));
    expect(tokens.accessToken).toBe('at3');
    expect(await manager.getAccessToken('acme')).toBe('at3');
    expect(bench.endpoint.refreshTokens).toEqual(['rt1', 'imported']);
  });

  it('keeps the refresh token of a server that does not rotate', async () => {
    bench.endpoint.behaviour = () => bench.endpoint.issue({ refresh_token: undefined });
    const manager = bench.manager(bench.loginless());
    await manager.authenticate('acme', seed('imported'));
    await manager.refresh('acme');
    expect(bench.endpoint.refreshTokens).toEqual(['imported', 'imported']);
  });
});

describe('a login during a renewal', () => {
  it('fault 75: gives its token to those who wait for the renewal, though the revocation of the other hangs', async () => {
    const manager = bench.manager();
    await manager.getAccessToken('acme');
    await bench.clock.advance(301_000);
    const refreshing = bench.gate();
    const revoking = bench.gate();
    bench.endpoint.onRevoke = () => revoking.passed;
    bench.endpoint.behaviour = async ({ grant }) => {
      if (grant === 'refresh_token') await refreshing.passed;
      return bench.endpoint.issue();
    };
    const waiting = bench.watch(manager.getAccessToken('acme'));
    await bench.turns();
    const login = await manager.authenticate('acme', PASSWORD);
    refreshing.open();
    await bench.turns();
    expect(waiting.value).toBe(login.accessToken);
    expect(await manager.getAccessToken('acme')).toBe(login.accessToken);
    expect(bench.endpoint.revoked).toEqual(['rt3']);
  });
});

describe('a refresh token that a server repeats', () => {
  it('is not taken when it was spent before', async () => {
    const manager = bench.manager(bench.loginless());
    const answers = ['A', 'B', 'A', 'C'].values();
    bench.endpoint.behaviour = () => bench.endpoint.issue({ refresh_token: answers.next().value });
    await manager.authenticate('acme', PASSWORD);
    for (let time = 0; time < 3; time += 1) await manager.refresh('acme');
    expect(bench.endpoint.refreshTokens).toEqual(['A', 'B', 'B']);
  });

  it('keeps its known end', async () => {
    const provider = bench.provider({ refreshTokenReuse: 'reusable' });
    const manager = bench.manager(bench.registration({ provider }));
    const same = { refresh_token: 'same' };
    bench.endpoint.behaviour = () =>
      bench.endpoint.issue({ ...same, refresh_token_expires_in: 1_000 });
    await manager.getAccessToken('acme');
    const { refreshTokenExpiresAt } = await manager.status('acme');
    expect(refreshTokenExpiresAt).toBe(bench.clock.now() + 1_000_000);
    bench.endpoint.behaviour = () => bench.endpoint.issue(same);
    await manager.refresh('acme');
    expect((await manager.status('acme')).refreshTokenExpiresAt).toBe(refreshTokenExpiresAt);
  });
});

describe('a refused password', () => {
  it('is not repeated by refresh() by hand, so that no account is locked', async () => {
    const manager = bench.manager();
    bench.endpoint.behaviour = () => refusal('invalid_grant');
    await failureOf(manager.getAccessToken('acme'));
    for (let time = 0; time < 4; time += 1) {
      expect(await manager.refresh('acme')).toMatchObject({ outcome: 'reauthorizationRequired' });
    }
    expect(bench.endpoint.grants).toEqual(['password']);
    expect(bench.told('reauthorizationRequired')).toHaveLength(1);
  });

  it('is followed by another one at once', async () => {
    bench.endpoint.behaviour = () => refusal('invalid_grant');
    await failureOf(bench.manager().getAccessToken('acme'));
    bench.endpoint.behaviour = () => bench.endpoint.issue();
    const grant = passwordGrant({ username: 'user', password: 'another' });
    const mended = bench.manager(bench.registration({ grant }));
    expect(await mended.getAccessToken('acme')).toBe('at1');
  });
});

describe('a refused login behind a refresh of unknown fate', () => {
  /** A refresh whose answer is lost, and a login after it that is refused. */
  const lostAndRefused = async () => {
    const manager = bench.manager();
    await manager.getAccessToken('acme');
    await bench.clock.advance(250_000);
    bench.endpoint.behaviour = ({ grant }) =>
      grant === 'password' ? refusal('invalid_grant') : LOST;
    await manager.getAccessToken('acme');
    await manager.drain();
    expect(bench.endpoint.grants).toEqual(['password', 'refresh_token', 'password']);
    expect(bench.told('reauthorizationRequired')).toHaveLength(0);
    return manager;
  };

  it('leaves one more try of the refresh token after its takeover delay', async () => {
    const manager = await lostAndRefused();
    bench.endpoint.behaviour = () => bench.endpoint.issue();
    await bench.background(manager, 120);
    const { grants, refreshTokens, sent } = bench.endpoint;
    expect(grants).toEqual(['password', 'refresh_token', 'password', 'refresh_token']);
    expect(refreshTokens).toEqual(['rt1', 'rt1']);
    // A lease of 20 s and a takeover delay of 60 s.
    expect((sent[3]?.at ?? 0) - (sent[1]?.at ?? 0)).toBeGreaterThanOrEqual(80_000);
    expect(bench.told('reauthorizationRequired')).toHaveLength(0);
    expect((await manager.status('acme')).state).toBe('fresh');
  });

  it('leaves only one, and then says once that a login is needed', async () => {
    const manager = await lostAndRefused();
    bench.endpoint.behaviour = () => refusal('invalid_grant');
    await bench.background(manager, 300);
    expect(bench.endpoint.refreshTokens).toEqual(['rt1', 'rt1']);
    expect(bench.endpoint.count).toBe(4);
    expect(bench.told('reauthorizationRequired')).toHaveLength(1);
    expect((await manager.status('acme')).state).toBe('reauthorizationRequired');
  });
});

it('says once, and keeps showing, that a refresh token has ended while its login is refused', async () => {
  const manager = bench.manager();
  bench.endpoint.behaviour = () => refusal('invalid_grant');
  await failureOf(manager.getAccessToken('acme'));
  bench.endpoint.behaviour = () =>
    bench.endpoint.issue({ expires_in: 90, refresh_token_expires_in: 100 });
  await manager.authenticate('acme', passwordGrant({ username: 'x', password: 'y' }));
  bench.events.length = 0;
  bench.endpoint.behaviour = () => NOT_SENT;
  await bench.background(manager, 200);
  expect(bench.told('reauthorizationRequired')).toHaveLength(1);
  expect((await manager.status('acme')).state).toBe('reauthorizationRequired');
  const error = await failureOf(manager.getAccessToken('acme'));
  expect(isReauthorizationRequiredError(error)).toBe(true);
  expect(bench.told('reauthorizationRequired')).toHaveLength(1);
});

describe('a valid token that nothing can renew', () => {
  it('is served to its end though refresh() by hand cannot renew it', async () => {
    const manager = bench.manager(bench.loginless());
    const key: TokenKey = { registrationId: 'acme', subject: 'user' };
    bench.endpoint.behaviour = () => bench.endpoint.issue({ refresh_token: undefined });
    await manager.authenticate(key, PASSWORD);
    expect(await manager.refresh(key)).toMatchObject({ code: 'not_renewable' });
    expect((await manager.status(key)).state).toBe('fresh');
    expect(await manager.getAccessToken(key)).toBe('at1');
    expect(bench.told('reauthorizationRequired')).toHaveLength(0);
  });
});

it('renews by hand anew when a login of the start is under way', async () => {
  await bench.manager().getAccessToken('acme');
  const manager = bench.manager();
  await manager.start();
  expect(await manager.refresh('acme')).toMatchObject({ outcome: 'refreshed', version: 2 });
  expect(bench.endpoint.grants).toEqual(['password', 'refresh_token']);
});
