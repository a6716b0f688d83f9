import { callApi, login, post, refresh, WIRE } from '../../test/sandbox-requests.js';
import { DIALECT_NAMES, sandboxFingerprint, SandboxServer } from '../index.js';

const START = Date.UTC(2026, 0, 1);

describe('SandboxServer: dialects', () => {
  let now = START;
  let sandbox: SandboxServer;
  let url = '';

  beforeEach(async () => {
    now = START;
    sandbox = new SandboxServer({ now: () => now });
    ({ url } = await sandbox.start());
  });
  afterEach(() => sandbox.stop());

  it.each(DIALECT_NAMES)('%s: login, call, refresh, call', async (dialect) => {
    const first = await login(url, dialect);
    expect(first.status).toBe(200);
    expect(first.headers.get('cache-control')).toBe('no-store');
    const echo = await callApi(url, dialect, first.accessToken);
    expect(echo.status).toBe(200);
    expect(echo.body['subject']).toBe(WIRE[dialect].subject);
    const second = await refresh(url, dialect, first.refreshToken);
    expect(second.status).toBe(200);
    expect(second.refreshToken).not.toBe(first.refreshToken);
    expect(second.accessToken).not.toBe(first.accessToken);
    expect((await callApi(url, dialect, second.accessToken)).status).toBe(200);
    const { accessTokenLifetimeSeconds } = sandbox.settings(dialect);
    const expiresAt = START + accessTokenLifetimeSeconds * 1000;
    expect(sandbox.ledger()).toEqual([
      expect.objectContaining({
        at: START,
        dialect,
        grant: 'password',
        subject: WIRE[dialect].subject,
        status: 200,
        issued: {
          accessToken: sandboxFingerprint(first.accessToken),
          refreshToken: sandboxFingerprint(first.refreshToken),
          expiresAt,
        },
      }),
      expect.objectContaining({
        grant: 'refresh_token',
        refreshToken: sandboxFingerprint(first.refreshToken),
        issued: {
          accessToken: sandboxFingerprint(second.accessToken),
          refreshToken: sandboxFingerprint(second.refreshToken),
          expiresAt,
        },
      }),
    ]);
    expect(JSON.stringify(sandbox.ledger())).not.toContain(first.accessToken);
    expect(JSON.stringify(sandbox.ledger())).not.toContain(first.refreshToken);
  });

  it.each(DIALECT_NAMES)('%s: an access token ends on time', async (dialect) => {
    sandbox.configure({ dialect, accessTokenLifetimeSeconds: 2 });
    const { accessToken } = await login(url, dialect);
    now += 1_999;
    expect((await callApi(url, dialect, accessToken)).status).toBe(200);
    now += 1;
    const refused = await callApi(url, dialect, accessToken);
    expect(refused.status).toBe(401);
    expect(refused.challenge).toBe('Bearer error="invalid_token"');
  });

  it.each(DIALECT_NAMES)(
    '%s: a refresh token ends on time, and that is no reuse',
    async (dialect) => {
      sandbox.configure({ dialect, refreshTokenLifetimeSeconds: 10 });
      const { refreshToken } = await login(url, dialect);
      now += 10_000;
      expect((await refresh(url, dialect, refreshToken)).status).toBe(400);
      const item = sandbox.ledger().at(-1);
      expect(item).toMatchObject({ error: 'invalid_grant' });
      expect(item).not.toHaveProperty('reuse');
    },
  );

  it.each(DIALECT_NAMES)('%s: an unknown refresh token is refused', async (dialect) => {
    expect((await refresh(url, dialect, 'unknown')).status).toBe(400);
    expect(sandbox.ledger()).toMatchObject([{ grant: 'refresh_token', error: 'invalid_grant' }]);
  });

  it('2ba: speaks as documented, at both endpoints', async () => {
    for (const path of ['/2ba/OAuth/Token', '/2ba/connect/token']) {
      const { body } = await post(`${url}${path}`, WIRE['2ba'].login.form);
      expect(Object.keys(body)).toEqual([
        'access_token',
        'token_type',
        'expires_in',
        'refresh_token',
      ]);
      expect(body).toMatchObject({ token_type: 'bearer', expires_in: 120 });
      expect(body['refresh_token']).toContain('!');
    }
  });

  it('veeam: answers in camelCase to a login, mixed to a refresh, with absolute times on its own clock', async () => {
    sandbox.configure({ dialect: 'veeam', dateOffsetSeconds: 3600 });
    const first = await login(url, 'veeam');
    expect(first.body).toEqual({
      accessToken: expect.any(String) as string,
      refreshToken: expect.any(String) as string,
      accessTokenExpiresAt: '2026-01-01T01:30:00.0006152Z',
      refreshTokenExpiresAt: '2026-01-02T01:00:00.0006152Z',
    });
    expect(first.headers.get('date')).toBe('Thu, 01 Jan 2026 01:00:00 GMT');
    const second = await refresh(url, 'veeam', first.refreshToken);
    expect(Object.keys(second.body)).toEqual([
      'access_token',
      'refresh_token',
      'accessTokenExpiresAt',
      'refreshTokenExpiresAt',
    ]);
    expect(sandbox.ledger()[0]?.issued?.expiresAt).toBe(START + 1_800_000);
  });

  it('veeam: takes its own names alone', async () => {
    const rfc = { grant_type: 'password', username: 'administrator', password: 'Password1' };
    expect((await post(`${url}${WIRE.veeam.path}`, rfc)).status).toBe(400);
    const lower = { ...WIRE.veeam.login.form, grantType: 'password' };
    expect((await post(`${url}${WIRE.veeam.path}`, lower)).status).toBe(400);
  });

  it('empowerid: has a zero id and a null id token, and no refresh token for client credentials', async () => {
    const first = await login(url, 'empowerid');
    expect(first.body).toMatchObject({
      token_type: 'Bearer',
      expires_in: 3600,
      id_token: null,
      id: '00000000-0000-0000-0000-000000000000',
    });
    const client = { client_id: 'demo-client', client_secret: 'demo-secret' };
    const form = { grant_type: 'client_credentials', ...client };
    const own = await post(`${url}${WIRE.empowerid.path}`, form);
    expect(own.status).toBe(200);
    expect(own.body).not.toHaveProperty('refresh_token');
    expect((await callApi(url, 'empowerid', own.accessToken)).body).not.toHaveProperty('subject');
  });

  it('empowerid: takes the user from the Basic header, not from the body', async () => {
    const form = {
      ...WIRE.empowerid.login.form,
      username: 'demo@example.com',
      password: 'demo-password',
    };
    const { status, body } = await post(`${url}${WIRE.empowerid.path}`, form);
    expect(status).toBe(400);
    expect(body['error']).toBe('invalid_request');
  });

  it('oidc: takes client credentials in the header or in the body, and not in both', async () => {
    const { form, headers = {} } = WIRE.oidc.login;
    const client = { client_id: 'demo-client', client_secret: 'demo-secret' };
    const target = `${url}${WIRE.oidc.path}`;
    expect((await post(target, form, headers)).status).toBe(200);
    expect((await post(target, { ...form, ...client })).status).toBe(200);
    const both = await post(target, { ...form, ...client }, headers);
    expect(both.status).toBe(400);
    expect(both.body['error']).toBe('invalid_request');
  });

  it('oidc: decodes the parts of a Basic header once', async () => {
    await sandbox.stop();
    const secret = 'p+ä/=:!& %41';
    sandbox = new SandboxServer({
      accounts: { oidc: { clients: [{ clientId: 'c:1', clientSecret: secret }], users: [] } },
    });
    ({ url } = await sandbox.start());
    const encode = (text: string): string => new URLSearchParams({ '': text }).toString().slice(1);
    const header = (pair: string) => ({
      authorization: `Basic ${Buffer.from(pair).toString('base64')}`,
    });
    const form = { grant_type: 'client_credentials', scope: 'read' };
    const good = header(`${encode('c:1')}:${encode(secret)}`);
    const { status, body } = await post(`${url}/oidc/token`, form, good);
    expect(status).toBe(200);
    expect(body['scope']).toBe('read');
    const twice = header(`${encode(encode('c:1'))}:${encode(encode(secret))}`);
    const refused = await post(`${url}/oidc/token`, form, twice);
    expect(refused.status).toBe(401);
    expect(refused.headers.get('www-authenticate')).toMatch(/^Basic/);
  });

  it('oidc: tells its endpoints', async () => {
    const response = await fetch(`${url}/oidc/.well-known/openid-configuration`);
    expect(await response.json()).toMatchObject({
      issuer: `${url}/oidc`,
      token_endpoint: `${url}/oidc/token`,
      revocation_endpoint: `${url}/oidc/revoke`,
    });
  });

  it.each([
    ['2ba', 400, 400],
    ['veeam', undefined, 401],
    ['empowerid', 400, 400],
    ['oidc', 401, 400],
  ] as const)(
    '%s: refuses a wrong secret (%s) and a wrong password (%s)',
    async (dialect, client, user) => {
      const { path, login: request } = WIRE[dialect];
      if (client !== undefined) {
        const form = { ...request.form, client_id: 'demo-client', client_secret: 'wrong' };
        const headers = dialect === 'oidc' ? {} : request.headers;
        const refused = await post(`${url}${path}`, form, headers);
        expect(refused.status).toBe(client);
        expect(refused.body['error']).toBe('invalid_client');
      }
      const wrong =
        dialect === 'empowerid'
          ? {
              form: request.form,
              headers: { authorization: `Basic ${btoa('demo@example.com:wrong')}` },
            }
          : { ...request, form: { ...request.form, password: 'wrong' } };
      expect((await post(`${url}${path}`, wrong.form, wrong.headers)).status).toBe(user);
      const errors = sandbox.ledger().map(({ error }) => error);
      expect(errors).toEqual(
        client === undefined ? ['invalid_grant'] : ['invalid_client', 'invalid_grant'],
      );
      expect(JSON.stringify(sandbox.ledger())).not.toContain('wrong');
    },
  );

  it('refuses a grant that it does not serve, a parameter that comes twice, and another body', async () => {
    const target = `${url}${WIRE.oidc.path}`;
    const client = 'client_id=demo-client&client_secret=demo-secret';
    const send = async (body: string, type: string): Promise<unknown> => {
      const response = await fetch(target, {
        method: 'POST',
        headers: { 'content-type': type },
        body,
      });
      return ((await response.json()) as { error: unknown }).error;
    };
    const form = 'application/x-www-form-urlencoded';
    expect(await send(`grant_type=device&${client}`, form)).toBe('unsupported_grant_type');
    expect(await send(`grant_type=a&grant_type=b&${client}`, form)).toBe('invalid_request');
    expect(await send(client, form)).toBe('invalid_request');
    expect(await send('{}', 'application/json')).toBe('invalid_request');
    expect((await fetch(target)).status).toBe(405);
  });
});
