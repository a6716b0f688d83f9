import {
  authorizationCodeGrant,
  type ClientRegistration,
  clientCredentialsGrant,
  type Grant,
  isStoreUnavailableError,
  isTokenEndpointError,
  isTokenUnavailableError,
  refreshTokenGrant,
  type TokenKey,
} from '@oauth-token/core';
import { jest } from '@jest/globals';
import { inspect } from 'node:util';
import { failureOf, PASSWORD, RegressionBench } from './regression-bench.js';
import { LOST, refusal } from './scripted-endpoint.js';

const USER: TokenKey = { registrationId: 'acme', subject: 'user' };

let bench: RegressionBench;

beforeEach(() => {
  bench = new RegressionBench();
});
afterEach(() => bench.close());

describe('a client that is refused', () => {
  const supplied = (clientSecret: () => Promise<string>): ClientRegistration =>
    bench.registration({
      clientSecret,
      grant: clientCredentialsGrant(),
      clientAuthentication: 'client_secret_post',
    });

  it('is not held back any more once its supplier answers another secret', async () => {
    let secret = 'canary-old';
    const manager = bench.manager(supplied(() => Promise.resolve(secret)));
    bench.endpoint.behaviour = ({ form }) =>
      form.get('client_secret') === 'canary-new'
        ? bench.endpoint.issue()
        : refusal('invalid_client', 401);
    const refused = { code: 'token_unavailable', outcome: 'misconfigured' };
    expect(await failureOf(manager.getAccessToken('acme'))).toMatchObject(refused);
    for (let time = 0; time < 5; time += 1) {
      await bench.clock.advance(1_000);
      expect(await failureOf(manager.getAccessToken('acme'))).toMatchObject(refused);
    }
    expect(bench.endpoint.count).toBe(1);
    secret = 'canary-new';
    expect(await manager.getAccessToken('acme')).toBe('at1');
    expect(bench.endpoint.count).toBe(2);
    expect(inspect(bench.events, { depth: 10 })).not.toContain('canary');
  });

  it('is held back with the refused secret in other processes too', async () => {
    const registration = (): ClientRegistration => supplied(() => Promise.resolve('old'));
    bench.endpoint.behaviour = () => refusal('invalid_client', 401);
    await failureOf(bench.manager(registration()).getAccessToken('acme'));
    await failureOf(bench.manager(registration()).getAccessToken('acme'));
    expect(bench.endpoint.count).toBe(1);
  });

  it('is free again after a login by hand', async () => {
    const manager = bench.manager(bench.loginless());
    const other: TokenKey = { registrationId: 'acme', subject: 'other' };
    await manager.authenticate('acme', PASSWORD);
    await manager.authenticate(other, PASSWORD);
    await bench.clock.advance(301_000);
    bench.endpoint.behaviour = () => refusal('invalid_client', 401);
    await failureOf(manager.getAccessToken('acme'));
    bench.endpoint.behaviour = () => bench.endpoint.issue();
    await manager.authenticate(USER, PASSWORD);
    expect(await manager.getAccessToken(other)).toBe('at4');
  });
});

describe('what the application supplies and does not answer', () => {
  const hanging = (): Promise<undefined> => bench.gate().passed.then(() => undefined);

  it('grantFor, asked when a login brought no refresh token, keeps its tokens no longer than 10 s', async () => {
    bench.endpoint.behaviour = () => bench.endpoint.issue({ refresh_token: undefined });
    const manager = bench.manager(bench.loginless({ grantFor: hanging }));
    const login = bench.watch(manager.authenticate(USER, PASSWORD));
    await bench.clock.advance(10_000);
    expect(login.value).toMatchObject({ accessToken: 'at1' });
  });

  it('grantFor, asked while the store is away, ends in the error of the store', async () => {
    const manager = bench.manager(bench.loginless({ grantFor: hanging }), {
      timing: { maxWaitMs: 20_000 },
    });
    bench.store.readsFail = true;
    const call = bench.watch(manager.getAccessToken(USER));
    await bench.clock.advance(10_000);
    expect(isStoreUnavailableError(call.error)).toBe(true);
  });

  it('list of a registration source counts as empty after 10 s, with a warning', async () => {
    const registration = bench.loginless();
    const registrations = {
      find: () => Promise.resolve(registration),
      list: (): Promise<never> => hanging() as Promise<never>,
    };
    const manager = bench.manager(registration, { registrations });
    await manager.authenticate(USER, PASSWORD);
    const warn = jest.spyOn(process, 'emitWarning').mockReturnValue();
    const listed = bench.watch(manager.list());
    await bench.clock.advance(10_000);
    expect(listed.value).toMatchObject({ items: [{ subject: 'user' }] });
    expect(warn).toHaveBeenCalledWith(expect.stringContaining('list()'), expect.anything());
    warn.mockRestore();
  });
});

describe('logins by hand at the same time', () => {
  const grants: [string, Grant][] = [
    ['refresh token', refreshTokenGrant({ refreshToken: 'imported' })],
    [
      'authorization code',
      authorizationCodeGrant({
        code: 'code',
        redirectUri: 'https://app.example',
        codeVerifier: 'v',
      }),
    ],
  ];

  it.each(grants)('with one %s send it once', async (_name, grant) => {
    bench.endpoint.behaviour = () => bench.endpoint.issueAfter(100);
    const manager = bench.manager(bench.loginless());
    const logins = [1, 2, 3].map(() => bench.watch(manager.authenticate(USER, { ...grant })));
    await bench.clock.advance(100);
    for (const { value } of logins) expect(value).toMatchObject({ accessToken: 'at1' });
    expect(bench.endpoint.count).toBe(1);
  });

  it('for different keys, or with different grants, are different logins', async () => {
    bench.endpoint.behaviour = () => bench.endpoint.issueAfter(100);
    const manager = bench.manager(bench.loginless());
    const grant = refreshTokenGrant({ refreshToken: 'imported' });
    const logins = [
      manager.authenticate(USER, grant),
      manager.authenticate({ ...USER, subject: 'other' }, grant),
      manager.authenticate(USER, refreshTokenGrant({ refreshToken: 'another' })),
    ];
    await bench.clock.advance(100);
    await Promise.all(logins);
    expect(bench.endpoint.count).toBe(3);
  });

  it('that fail do so for all, and the next one is sent anew', async () => {
    bench.endpoint.behaviour = () => refusal('invalid_grant');
    const manager = bench.manager(bench.loginless());
    const errors = await Promise.all(
      [1, 2].map(() => failureOf(manager.authenticate(USER, PASSWORD))),
    );
    for (const error of errors) expect(isTokenEndpointError(error)).toBe(true);
    expect(bench.endpoint.count).toBe(1);
    bench.endpoint.behaviour = () => bench.endpoint.issue();
    expect(await manager.authenticate(USER, PASSWORD)).toMatchObject({ accessToken: 'at1' });
  });
});

describe('a refresh token of unknown fate', () => {
  const lost = async (expiresIn = 300) => {
    bench.endpoint.behaviour = () => bench.endpoint.issue({ expires_in: expiresIn });
    const [a, b] = [bench.manager(bench.loginless()), bench.manager(bench.loginless())];
    await a.authenticate('acme', PASSWORD);
    await bench.clock.advance((expiresIn + 1) * 1_000);
    bench.endpoint.behaviour = () => LOST;
    expect(await a.refresh('acme')).toMatchObject({ outcome: 'ambiguous' });
    return [a, b] as const;
  };

  it('keeps no caller waiting whose token has ended and who cannot wait for its takeover', async () => {
    const managers = await lost();
    const settledAt = bench.clock.now();
    for (const manager of managers) {
      const call = bench.watch(manager.getAccessToken('acme'));
      await bench.turns();
      expect(call.tookMs).toBe(0);
      expect(isTokenUnavailableError(call.error)).toBe(true);
      // A lease of 20 s and a takeover delay of 60 s.
      expect(call.error).toMatchObject({ outcome: 'ambiguous', nextTryAt: settledAt + 80_000 });
      expect(String(call.error)).toContain(new Date(settledAt + 80_000).toISOString());
    }
    expect(bench.endpoint.refreshTokens).toEqual(['rt1']);
  });

  it('lets those wait who can, and who waits hears of a login meanwhile', async () => {
    // A lease of 3 s and a takeover delay of 1.25 s.
    const [a, b] = await lost(5);
    const waiting = [a, b].map((manager) => bench.watch(manager.getAccessToken('acme')));
    await bench.clock.advance(1_000);
    expect(waiting.map(({ tookMs }) => tookMs)).toEqual([undefined, undefined]);
    bench.endpoint.behaviour = () => bench.endpoint.issue();
    await a.authenticate('acme', PASSWORD);
    await bench.turns();
    expect(waiting.map(({ value }) => value)).toEqual(['at2', 'at2']);
  });

  it('has the valid token served at once in its last stretch', async () => {
    const manager = bench.manager(bench.loginless());
    await manager.authenticate('acme', PASSWORD);
    await bench.clock.advance(290_000);
    bench.endpoint.behaviour = () => LOST;
    expect(await manager.getAccessToken('acme')).toBe('at1');
    const other = bench.watch(bench.manager(bench.loginless()).getAccessToken('acme'));
    await bench.turns();
    expect(other).toMatchObject({ value: 'at1', tookMs: 0 });
    expect(bench.endpoint.refreshTokens).toEqual(['rt1']);
  });

  it('of which a process has vanished in the middle is waited for: its answer may come yet', async () => {
    const [a, b] = [bench.manager(bench.loginless()), bench.manager(bench.loginless())];
    await a.authenticate('acme', PASSWORD);
    await bench.clock.advance(301_000);
    const answering = bench.gate();
    bench.endpoint.behaviour = () => answering.passed.then(() => bench.endpoint.issue());
    bench.watch(a.getAccessToken('acme'));
    await bench.clock.advance(25_000);
    const waiting = bench.watch(b.getAccessToken('acme'));
    await bench.clock.advance(1_000);
    expect(waiting.tookMs).toBeUndefined();
    answering.open();
    await bench.turns();
    expect(waiting.value).toBe('at2');
  });
});
