import { createHash } from 'node:crypto';
import { callApi, control, login, refresh } from '../../test/sandbox-requests.js';
import { type LedgerItem, sandboxFingerprint, SandboxServer } from '../index.js';

const items = async (url: string): Promise<LedgerItem[]> => {
  const { body } = await control(url, 'GET', 'ledger');
  return (body as { items: LedgerItem[] }).items;
};

describe('SandboxServer: protected API and control interface', () => {
  let sandbox: SandboxServer;
  let url = '';

  beforeEach(async () => {
    sandbox = new SandboxServer();
    ({ url } = await sandbox.start());
  });
  afterEach(() => sandbox.stop());

  it('echoes a call with a live token', async () => {
    const { accessToken } = await login(url, 'oidc');
    const body = Buffer.from([0, 255, 13, 10, 65]);
    const echo = await callApi(url, 'oidc', accessToken, { method: 'PATCH', body });
    expect(echo).toMatchObject({ status: 200, challenge: null });
    expect(echo.body).toEqual({
      method: 'PATCH',
      path: '/oidc/api/things/1',
      query: 'page=2',
      bodyHash: createHash('sha256').update(body).digest('hex'),
      bodyLength: 5,
      dialect: 'oidc',
      tokenFingerprint: sandboxFingerprint(accessToken),
      subject: 'demo',
    });
  });

  it('refuses a call without a live token, and says why only when one was sent', async () => {
    expect(await callApi(url, 'veeam')).toMatchObject({ status: 401, challenge: 'Bearer' });
    const refused = { status: 401, challenge: 'Bearer error="invalid_token"' };
    expect(await callApi(url, 'veeam', 'unknown')).toMatchObject(refused);
    const { accessToken } = await login(url, 'oidc');
    expect(await callApi(url, 'veeam', accessToken)).toMatchObject(refused);
  });

  it('gives and empties the ledger', async () => {
    await login(url, 'veeam');
    const [item] = await items(url);
    expect(item).toMatchObject({ dialect: 'veeam', grant: 'password', status: 200 });
    expect(item?.at).toBeGreaterThan(Date.now() - 60_000);
    expect(item?.issued?.accessToken).toMatch(/^[0-9a-f]{16}$/);
    expect((await control(url, 'DELETE', 'ledger')).status).toBe(200);
    expect(await items(url)).toEqual([]);
  });

  it('changes the settings of one dialect or of all', async () => {
    const one = { dialect: '2ba', accessTokenLifetimeSeconds: 5, rotation: 'never' };
    expect((await control(url, 'PUT', 'settings', one)).status).toBe(200);
    await control(url, 'PUT', 'settings', { reuse: 'reject', graceSeconds: 3 });
    expect((await login(url, '2ba')).body['expires_in']).toBe(5);
    expect((await login(url, 'oidc')).body['expires_in']).toBe(300);
    const { body } = await control(url, 'GET', 'settings');
    expect(body).toMatchObject({
      '2ba': { accessTokenLifetimeSeconds: 5, rotation: 'never', reuse: 'reject', graceSeconds: 3 },
      veeam: { accessTokenLifetimeSeconds: 1800, rotation: 'always', reuse: 'reject' },
    });
  });

  it('revokes', async () => {
    const { accessToken, refreshToken } = await login(url, 'oidc');
    const input = { dialect: 'oidc', accessTokens: true };
    expect((await control(url, 'POST', 'revoke', input)).body).toEqual({
      revoked: { accessTokens: 1, refreshTokens: 0 },
    });
    expect((await callApi(url, 'oidc', accessToken)).status).toBe(401);
    expect((await refresh(url, 'oidc', refreshToken)).status).toBe(200);
    expect((await control(url, 'POST', 'revoke')).body).toEqual({
      revoked: { accessTokens: 1, refreshTokens: 1 },
    });
  });

  it.each([
    ['PUT', 'settings', { dialect: 'acme' }, ['dialect']],
    [
      'PUT',
      'settings',
      { accessTokenLifetimeSeconds: '5', rotation: 1 },
      ['accessTokenLifetimeSeconds', 'rotation'],
    ],
    ['PUT', 'settings', { accessTokenLifetimeSeconds: 0 }, ['accessTokenLifetimeSeconds']],
    ['PUT', 'settings', { graceSeconds: -1 }, ['graceSeconds']],
    ['PUT', 'settings', { lifetime: 5 }, ['lifetime']],
    ['PUT', 'settings', [], ['body']],
    ['POST', 'revoke', { accessTokens: 'yes', subject: 7 }, ['accessTokens', 'subject']],
    ['POST', 'faults', {}, ['on', 'kind']],
    ['POST', 'faults', { on: 'token', kind: 'explode' }, ['kind']],
    ['POST', 'faults', { on: 'token', kind: 'delay', ms: 1.5 }, ['ms']],
    ['POST', 'faults', { on: 'token', kind: 'status', status: 99, times: 0 }, ['status', 'times']],
    ['POST', 'faults', { on: 'api', kind: 'reset', retryAfter: 5 }, ['retryAfter']],
    ['POST', 'faults', { on: 'api', kind: 'status', retryAfter: '1\r\nx: y' }, ['retryAfter']],
  ])('%s %s %j names what is wrong', async (method, path, input, fields) => {
    const { status, body } = await control(url, method, path, input);
    expect(status).toBe(400);
    const { error, problems, message } = body as {
      error: string;
      message: string;
      problems: { field: string }[];
    };
    expect(error).toBe('invalid_input');
    expect(problems.map(({ field }) => field)).toEqual(fields);
    for (const field of fields) expect(message).toContain(field);
  });

  it('changes nothing when one of several fields is bad', async () => {
    const before = (await control(url, 'GET', 'settings')).body;
    await control(url, 'PUT', 'settings', { graceSeconds: 5, reuse: 'sometimes' });
    expect((await control(url, 'GET', 'settings')).body).toEqual(before);
  });

  it('is not polluted by a member named __proto__', async () => {
    const body = '{"__proto__":{"times":5},"on":"token","kind":"status"}';
    const response = await fetch(`${url}/_sandbox/faults`, { method: 'POST', body });
    expect(response.status).toBe(400);
    expect({}).not.toHaveProperty('times');
  });

  it('answers plainly to what it does not know', async () => {
    expect((await control(url, 'GET', 'health')).body).toEqual({ status: 'ok' });
    expect((await control(url, 'GET', 'nothing')).status).toBe(404);
    expect((await control(url, 'PATCH', 'ledger')).status).toBe(405);
    expect((await fetch(`${url}/constructor`)).status).toBe(404);
    const bad = await fetch(`${url}/_sandbox/revoke`, { method: 'POST', body: '{' });
    expect(bad.status).toBe(400);
    const long = { method: 'POST', body: 'x'.repeat(2_000_000) };
    expect((await fetch(`${url}/oidc/token`, long)).status).toBe(413);
    const overview = await fetch(url);
    expect(JSON.stringify(await overview.json())).toContain(`${url}/2ba/OAuth/Token`);
  });

  it('rejects its start when the port is taken', async () => {
    const second = new SandboxServer({ port: sandbox.port });
    await expect(second.start()).rejects.toMatchObject({ code: 'EADDRINUSE' });
    expect(() => second.url).toThrow(/start/);
  });
});
