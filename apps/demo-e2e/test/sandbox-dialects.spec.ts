import {
  clientCredentialsGrant,
  isReauthorizationRequiredError,
  type TokenManager,
  TokenRefresher,
} from '@oauth-token/core';
import { twoBa } from '@oauth-token/providers';
import type { DialectName } from '@oauth-token/testing';
import { ADAPTERS, SandboxBench } from './support/sandbox-bench.js';

let bench: SandboxBench;

beforeEach(async () => {
  bench = new SandboxBench();
  await bench.sandbox.start();
});
afterEach(() => bench.stop());

/** What the dialect's API says to the present token. */
async function callApi(manager: TokenManager, dialect: DialectName): Promise<number> {
  const { sandbox } = bench;
  const headers = ADAPTERS[dialect](sandbox.url).attachHeaders(await manager.getTokenSet(dialect));
  return (await fetch(`${sandbox.url}/${dialect}/api/things`, { headers })).status;
}

const lifetimeMs = (dialect: DialectName): number =>
  bench.sandbox.settings(dialect).accessTokenLifetimeSeconds * 1_000;

describe.each(['2ba', 'veeam', 'empowerid', 'oidc'] as const)('%s', (dialect) => {
  it('logs in, and its API takes the token', async () => {
    const manager = bench.manager(bench.registration(dialect));
    expect(await callApi(manager, dialect)).toBe(200);
    const { issuedAt, expiresAt } = await manager.getTokenSet(dialect);
    expect(expiresAt - issuedAt).toBe(lifetimeMs(dialect));
    expect(bench.requests()).toEqual([['password', 200]]);
  });

  it('refreshes ahead with the newest refresh token, and its API takes each token', async () => {
    const manager = bench.manager(bench.registration(dialect));
    const refresher = new TokenRefresher(manager);
    const seen = new Set<string>();
    for (let round = 0; round < 4; round += 1) {
      expect(await callApi(manager, dialect)).toBe(200);
      seen.add(await manager.getAccessToken(dialect));
      await bench.clock.advance(0.85 * lifetimeMs(dialect));
      await refresher.tick();
      await manager.drain();
    }
    await refresher.stop();
    expect(seen.size).toBe(4);
    const ledger = bench.sandbox.ledger();
    expect(ledger.map(({ grant, status }) => `${grant} ${status}`)).toEqual([
      'password 200',
      ...Array.from({ length: 4 }, () => 'refresh_token 200'),
    ]);
    for (const [index, { refreshToken, at }] of ledger.slice(1).entries()) {
      expect(refreshToken).toBe(ledger[index]?.issued?.refreshToken);
      expect(at).toBeLessThan(ledger[index]?.issued?.expiresAt ?? 0);
    }
  });

  it('logs in exactly once when its refresh token is dead', async () => {
    const manager = bench.manager(bench.registration(dialect));
    await manager.getAccessToken(dialect);
    bench.sandbox.revoke({ dialect });
    await bench.clock.advance(lifetimeMs(dialect) + 1_000);
    await Promise.all(Array.from({ length: 20 }, () => manager.getAccessToken(dialect)));
    expect(await callApi(manager, dialect)).toBe(200);
    expect(bench.requests()).toEqual([
      ['password', 200],
      ['refresh_token', 400],
      ['password', 200],
    ]);
    expect(bench.countOf('reauthorizationRequired')).toBe(0);
  });

  it('says once that a login is needed when that login fails too, and is silent for ten minutes', async () => {
    const manager = bench.manager(bench.registration(dialect));
    await manager.getAccessToken(dialect);
    bench.account.password = 'another-password';
    bench.sandbox.revoke({ dialect });
    await bench.clock.advance(lifetimeMs(dialect) + 1_000);
    const refresher = new TokenRefresher(manager);
    for (let second = 0; second < 600; second += 5) {
      await refresher.tick();
      const error: unknown = await manager
        .getAccessToken(dialect)
        .catch((caught: unknown) => caught);
      expect(isReauthorizationRequiredError(error)).toBe(true);
      await bench.clock.advance(5_000);
    }
    await refresher.stop();
    expect(bench.requests()).toEqual([
      ['password', 200],
      ['refresh_token', 400],
      ['password', dialect === 'veeam' ? 401 : 400],
    ]);
    expect(bench.countOf('reauthorizationRequired')).toBe(1);
    expect((await manager.status(dialect)).state).toBe('reauthorizationRequired');
  });
});

describe('2ba', () => {
  it('takes any 400 to a refresh for the end of its refresh token', async () => {
    const manager = bench.manager(bench.registration('2ba'));
    await manager.getAccessToken('2ba');
    bench.sandbox.addFault({ dialect: '2ba', on: 'token', kind: 'html', status: 400 });
    await bench.clock.advance(121_000);
    expect(await callApi(manager, '2ba')).toBe(200);
    expect(bench.requests()).toEqual([
      ['password', 200],
      ['refresh_token', 400],
      ['password', 200],
    ]);
  });

  it('keeps its refresh token when the client is refused', async () => {
    const manager = bench.manager(bench.registration('2ba'), { timing: { maxWaitMs: 1_000 } });
    await manager.getAccessToken('2ba');
    const { client } = bench;
    const { clientSecret } = client;
    client.clientSecret = 'another-secret';
    expect(await manager.refresh('2ba')).toMatchObject({ outcome: 'misconfigured' });
    expect(await callApi(manager, '2ba')).toBe(200);
    client.clientSecret = clientSecret;
    expect(await manager.refresh('2ba')).toMatchObject({ outcome: 'refreshed' });
    expect(bench.requests()).toEqual([
      ['password', 200],
      ['refresh_token', 400],
      ['refresh_token', 200],
    ]);
  });

  it('knows the newer path of the token endpoint', async () => {
    const provider = twoBa({ authority: `${bench.sandbox.url}/2ba`, tokenPath: '/connect/token' });
    const manager = bench.manager(bench.registration('2ba', { provider }));
    expect(await callApi(manager, '2ba')).toBe(200);
  });
});

describe('empowerid', () => {
  it('repeats client credentials, which bring no refresh token', async () => {
    const manager = bench.manager(
      bench.registration('empowerid', { grant: clientCredentialsGrant() }),
    );
    const first = await manager.getTokenSet('empowerid');
    expect(first).not.toHaveProperty('refreshToken');
    await bench.clock.advance(lifetimeMs('empowerid') + 1_000);
    expect(await callApi(manager, 'empowerid')).toBe(200);
    expect(await manager.getAccessToken('empowerid')).not.toBe(first.accessToken);
    expect(bench.requests()).toEqual([
      ['client_credentials', 200],
      ['client_credentials', 200],
    ]);
  });

  it('does not renew a token of 3,600,000 seconds before its time', async () => {
    bench.sandbox.configure({ dialect: 'empowerid', accessTokenLifetimeSeconds: 3_600_000 });
    const manager = bench.manager(bench.registration('empowerid'));
    const refresher = new TokenRefresher(manager);
    await manager.getAccessToken('empowerid');
    for (let day = 0; day < 30; day += 1) {
      await bench.clock.advance(86_400_000);
      await refresher.tick();
    }
    expect(bench.requests()).toEqual([['password', 200]]);
    await bench.clock.advance(5 * 86_400_000);
    await refresher.tick();
    await manager.drain();
    await refresher.stop();
    expect(bench.requests()).toEqual([
      ['password', 200],
      ['refresh_token', 200],
    ]);
  });

  it('revokes at its own endpoint', async () => {
    const manager = bench.manager(bench.registration('empowerid'));
    await manager.getAccessToken('empowerid');
    await manager.revoke('empowerid');
    expect(bench.sandbox.revoke()).toEqual({ accessTokens: 0, refreshTokens: 0 });
  });
});

describe('veeam', () => {
  it.each([300, -300])(
    'reads its absolute expiries on its own clock, %i s away from ours',
    async (dateOffsetSeconds) => {
      bench.sandbox.configure({ dialect: 'veeam', dateOffsetSeconds });
      const manager = bench.manager(bench.registration('veeam'));
      for (const grant of ['password', 'refresh_token']) {
        const now = bench.clock.now();
        const { expiresAt, refreshTokenExpiresAt } = await manager.getTokenSet('veeam');
        expect(Math.abs(expiresAt - (now + 1_800_000))).toBeLessThan(1_000);
        expect(Math.abs((refreshTokenExpiresAt ?? 0) - (now + 86_400_000))).toBeLessThan(1_000);
        expect(bench.requests().at(-1)).toEqual([grant, 200]);
        await bench.clock.advance(1_801_000);
      }
    },
  );

  it('does not take a token for longer-lived than it is because a Date header is cut to the second', async () => {
    bench.sandbox.configure({ dialect: 'veeam', accessTokenLifetimeSeconds: 4 });
    await bench.clock.advance(900);
    const manager = bench.manager(bench.registration('veeam'));
    const { issuedAt, expiresAt } = await manager.getTokenSet('veeam');
    expect(issuedAt).toBe(bench.clock.now());
    expect(Math.abs(expiresAt - issuedAt - 4_000)).toBeLessThanOrEqual(1);
  });
});
