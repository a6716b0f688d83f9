import { callApi, login, refresh } from '../../test/sandbox-requests.js';
import { SandboxServer } from '../index.js';

describe('SandboxServer: faults', () => {
  let sandbox: SandboxServer;
  let url = '';

  beforeEach(async () => {
    sandbox = new SandboxServer();
    ({ url } = await sandbox.start());
  });
  afterEach(() => sandbox.stop());

  it('dropAnswer acts, then resets', async () => {
    const { refreshToken } = await login(url, 'oidc');
    sandbox.addFault({ dialect: 'oidc', on: 'token', kind: 'dropAnswer' });
    await expect(refresh(url, 'oidc', refreshToken)).rejects.toThrow();
    expect(sandbox.ledger().at(-1)).toMatchObject({
      fault: 'dropAnswer',
      status: 200,
      issued: { accessToken: expect.any(String) as string },
    });
    expect((await refresh(url, 'oidc', refreshToken)).status).toBe(400);
    expect(sandbox.ledger().at(-1)).toMatchObject({ reuse: true });
  });

  it('reset does not act', async () => {
    const { refreshToken } = await login(url, 'oidc');
    sandbox.addFault({ dialect: 'oidc', on: 'token', kind: 'reset' });
    await expect(refresh(url, 'oidc', refreshToken)).rejects.toThrow();
    const item = sandbox.ledger().at(-1);
    expect(item).toMatchObject({ fault: 'reset', grant: 'refresh_token', status: 0 });
    expect(item).not.toHaveProperty('issued');
    expect((await refresh(url, 'oidc', refreshToken)).status).toBe(200);
  });

  it('hang neither acts nor answers, and does not keep the server from stopping', async () => {
    const { refreshToken } = await login(url, 'oidc');
    sandbox.addFault({ on: 'token', kind: 'hang' });
    const hanging = refresh(url, 'oidc', refreshToken);
    const outcome = expect(hanging).rejects.toThrow();
    expect((await refresh(url, 'oidc', refreshToken)).status).toBe(200);
    expect(sandbox.ledger().map(({ fault }) => fault)).toContain('hang');
    await sandbox.stop();
    await outcome;
    sandbox = new SandboxServer();
    ({ url } = await sandbox.start());
  });

  it('delay acts at once and answers late', async () => {
    sandbox.addFault({ dialect: 'oidc', on: 'token', kind: 'delay', ms: 150 });
    const before = performance.now();
    const late = login(url, 'oidc');
    await login(url, 'oidc');
    expect(sandbox.ledger().map(({ fault }) => fault)).toEqual(['delay', undefined]);
    expect((await late).status).toBe(200);
    expect(performance.now() - before).toBeGreaterThanOrEqual(145);
  });

  it('status answers without acting, as often as it was told', async () => {
    const { refreshToken } = await login(url, '2ba');
    sandbox.addFault({ on: 'token', kind: 'status', status: 429, retryAfter: 7, times: 2 });
    for (let round = 0; round < 2; round += 1) {
      const answer = await refresh(url, '2ba', refreshToken);
      expect(answer.status).toBe(429);
      expect(answer.headers.get('retry-after')).toBe('7');
    }
    expect((await refresh(url, '2ba', refreshToken)).status).toBe(200);
    expect(sandbox.ledger().map(({ status, fault }) => [status, fault])).toEqual([
      [200, undefined],
      [429, 'status'],
      [429, 'status'],
      [200, undefined],
    ]);
  });

  it('status 400 of a token endpoint reads as a dead grant, 503 is the default', async () => {
    sandbox.addFault({ on: 'token', kind: 'status', status: 400 });
    sandbox.addFault({ on: 'token', kind: 'status' });
    expect((await login(url, '2ba')).body).toEqual({ error: 'invalid_grant' });
    expect((await login(url, '2ba')).status).toBe(503);
  });

  it('html answers a page without acting', async () => {
    sandbox.addFault({ on: 'token', kind: 'html' });
    sandbox.addFault({ on: 'token', kind: 'html', status: 200 });
    const broken = await login(url, 'oidc');
    expect(broken.status).toBe(500);
    expect(broken.headers.get('content-type')).toContain('text/html');
    expect(broken.body['text']).toContain('<html>');
    expect((await login(url, 'oidc')).status).toBe(200);
    expect(sandbox.ledger().some(({ issued }) => issued !== undefined)).toBe(false);
  });

  it('meets the API apart from the token endpoint, and one dialect apart from the others', async () => {
    const { accessToken } = await login(url, 'oidc');
    sandbox.addFault({ dialect: 'oidc', on: 'api', kind: 'status', status: 401 });
    sandbox.addFault({ dialect: 'oidc', on: 'api', kind: 'reset' });
    expect((await login(url, 'oidc')).status).toBe(200);
    const { accessToken: other } = await login(url, '2ba');
    expect((await callApi(url, '2ba', other)).status).toBe(200);
    expect(await callApi(url, 'oidc', accessToken)).toMatchObject({
      status: 401,
      challenge: 'Bearer error="invalid_token"',
    });
    await expect(callApi(url, 'oidc', accessToken)).rejects.toThrow();
    expect((await callApi(url, 'oidc', accessToken)).status).toBe(200);
  });

  it('can be taken back', async () => {
    sandbox.addFault({ on: 'token', kind: 'reset', times: 100 });
    sandbox.clearFaults();
    expect((await login(url, 'oidc')).status).toBe(200);
  });
});
