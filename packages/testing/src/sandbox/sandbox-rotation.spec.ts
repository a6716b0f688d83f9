import { callApi, login, post, refresh, WIRE } from '../../test/sandbox-requests.js';
import { DIALECT_NAMES, sandboxFingerprint, SandboxServer } from '../index.js';

describe('SandboxServer: rotation and revocation', () => {
  let now = Date.UTC(2026, 0, 1);
  let sandbox: SandboxServer;
  let url = '';

  beforeEach(async () => {
    sandbox = new SandboxServer({ now: () => now });
    ({ url } = await sandbox.start());
  });
  afterEach(() => sandbox.stop());

  it.each(DIALECT_NAMES)('%s: a spent refresh token ends its whole login', async (dialect) => {
    const first = await login(url, dialect);
    const other = await login(url, dialect);
    const second = await refresh(url, dialect, first.refreshToken);
    sandbox.clearLedger();
    expect((await refresh(url, dialect, first.refreshToken)).status).toBe(400);
    expect((await refresh(url, dialect, second.refreshToken)).status).toBe(400);
    for (const { accessToken } of [first, second]) {
      expect((await callApi(url, dialect, accessToken)).status).toBe(401);
    }
    expect((await callApi(url, dialect, other.accessToken)).status).toBe(200);
    expect((await refresh(url, dialect, other.refreshToken)).status).toBe(200);
    const [reused, innocent] = sandbox.ledger();
    expect(reused).toMatchObject({
      refreshToken: sandboxFingerprint(first.refreshToken),
      error: 'invalid_grant',
      reuse: true,
    });
    expect(innocent).toMatchObject({ error: 'invalid_grant' });
    expect(innocent).not.toHaveProperty('reuse');
  });

  it('of parallel uses of one refresh token, one is served and the login ends', async () => {
    const { refreshToken } = await login(url, 'oidc');
    const uses = Array.from({ length: 5 }, () => refresh(url, 'oidc', refreshToken));
    const statuses = (await Promise.all(uses)).map(({ status }) => status);
    expect(statuses.sort()).toEqual([200, 400, 400, 400, 400]);
    expect(sandbox.ledger().filter(({ reuse }) => reuse)).toHaveLength(4);
  });

  it('with reuse: reject, a spent refresh token is refused and nothing more', async () => {
    sandbox.configure({ reuse: 'reject' });
    const first = await login(url, '2ba');
    const second = await refresh(url, '2ba', first.refreshToken);
    expect((await refresh(url, '2ba', first.refreshToken)).status).toBe(400);
    expect(sandbox.ledger().at(-1)).toMatchObject({ reuse: true });
    expect((await callApi(url, '2ba', second.accessToken)).status).toBe(200);
    expect((await refresh(url, '2ba', second.refreshToken)).status).toBe(200);
  });

  it('within its grace the previous refresh token may be repeated, until its successor is used', async () => {
    sandbox.configure({ graceSeconds: 10 });
    const first = await login(url, '2ba');
    await refresh(url, '2ba', first.refreshToken);
    now += 9_999;
    const second = await refresh(url, '2ba', first.refreshToken);
    expect(second.status).toBe(200);
    expect(sandbox.ledger().some(({ reuse }) => reuse)).toBe(false);
    const third = await refresh(url, '2ba', second.refreshToken);
    expect(third.status).toBe(200);
    expect((await refresh(url, '2ba', first.refreshToken)).status).toBe(400);
    expect((await callApi(url, '2ba', third.accessToken)).status).toBe(401);
  });

  it('the grace counts from the first use and is not longer for a second', async () => {
    sandbox.configure({ graceSeconds: 10, reuse: 'reject' });
    const { refreshToken } = await login(url, '2ba');
    await refresh(url, '2ba', refreshToken);
    now += 9_000;
    expect((await refresh(url, '2ba', refreshToken)).status).toBe(200);
    now += 1_000;
    expect((await refresh(url, '2ba', refreshToken)).status).toBe(400);
  });

  it.each([
    ['2ba', true],
    ['veeam', true],
    ['empowerid', true],
    ['oidc', false],
  ] as const)(
    '%s without rotation: the refresh token lives on (sent again: %s)',
    async (dialect, again) => {
      sandbox.configure({ rotation: 'never' });
      const first = await login(url, dialect);
      for (let round = 0; round < 3; round += 1) {
        const next = await refresh(url, dialect, first.refreshToken);
        expect(next.status).toBe(200);
        expect(next.accessToken).not.toBe(first.accessToken);
        expect(next.refreshToken).toBe(again ? first.refreshToken : 'undefined');
      }
      expect(sandbox.ledger().at(-1)?.issued?.refreshToken).toBe(
        again ? sandboxFingerprint(first.refreshToken) : undefined,
      );
    },
  );

  it("does not serve another client's or another dialect's refresh token, nor end its login", async () => {
    const foreign = sandbox.seedRefreshToken('oidc', { clientId: 'someone-else' });
    expect((await refresh(url, 'oidc', foreign)).status).toBe(400);
    const { refreshToken } = await login(url, 'oidc');
    expect((await refresh(url, '2ba', refreshToken)).status).toBe(400);
    expect(sandbox.ledger().some(({ reuse }) => reuse)).toBe(false);
    expect((await refresh(url, 'oidc', refreshToken)).status).toBe(200);
  });

  it('mints refresh tokens for tests', async () => {
    for (const dialect of DIALECT_NAMES) {
      const seed = sandbox.seedRefreshToken(dialect, { subject: 'user-42' });
      const { status, accessToken } = await refresh(url, dialect, seed);
      expect(status).toBe(200);
      expect((await callApi(url, dialect, accessToken)).body['subject']).toBe('user-42');
    }
  });

  it('revokes what is live by dialect, kind and subject', async () => {
    const mine = await login(url, 'oidc');
    const other = await refresh(
      url,
      'oidc',
      sandbox.seedRefreshToken('oidc', { subject: 'other' }),
    );
    const veeam = await login(url, 'veeam');
    expect(sandbox.revoke({ dialect: 'oidc', accessTokens: true, subject: 'demo' })).toEqual({
      accessTokens: 1,
      refreshTokens: 0,
    });
    expect((await callApi(url, 'oidc', mine.accessToken)).status).toBe(401);
    expect((await callApi(url, 'oidc', other.accessToken)).status).toBe(200);
    const renewed = await refresh(url, 'oidc', mine.refreshToken);
    expect(renewed.status).toBe(200);
    sandbox.revoke({ dialect: 'oidc', refreshTokens: true });
    expect((await callApi(url, 'oidc', renewed.accessToken)).status).toBe(200);
    const refused = await refresh(url, 'oidc', renewed.refreshToken);
    expect(refused.status).toBe(400);
    expect(sandbox.ledger().at(-1)).not.toHaveProperty('reuse');
    sandbox.revoke();
    expect((await callApi(url, 'veeam', veeam.accessToken)).status).toBe(401);
    expect((await refresh(url, 'veeam', veeam.refreshToken)).status).toBe(400);
  });

  it.each([
    ['oidc', '/oidc/revoke'],
    ['empowerid', '/empowerid/oauth/v2/tokenrevoke'],
  ] as const)(
    '%s: its revocation endpoint ends a login by its refresh token',
    async (dialect, path) => {
      const client = { client_id: 'demo-client', client_secret: 'demo-secret' };
      const first = await login(url, dialect);
      const access = await post(`${url}${path}`, { token: first.accessToken, ...client });
      expect(access.status).toBe(200);
      expect((await callApi(url, dialect, first.accessToken)).status).toBe(401);
      const second = await refresh(url, dialect, first.refreshToken);
      expect(second.status).toBe(200);
      const wrong = { ...client, client_secret: 'wrong', token: second.refreshToken };
      expect((await post(`${url}${path}`, wrong)).body['error']).toBe('invalid_client');
      expect((await callApi(url, dialect, second.accessToken)).status).toBe(200);
      await post(`${url}${path}`, { token: second.refreshToken, ...client });
      expect((await callApi(url, dialect, second.accessToken)).status).toBe(401);
      expect((await refresh(url, dialect, second.refreshToken)).status).toBe(400);
      expect((await post(`${url}${path}`, { token: 'unknown', ...client })).status).toBe(200);
      expect(sandbox.ledger()).toHaveLength(3);
    },
  );

  it('empowerid: answers null to a revocation', async () => {
    const { path } = WIRE.empowerid;
    const response = await fetch(`${url}${path}revoke`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa('demo-client:demo-secret')}` },
      body: new URLSearchParams({ token: 'unknown' }),
    });
    expect(await response.text()).toBe('null');
  });
});
