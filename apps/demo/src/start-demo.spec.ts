import type { SandboxServer } from '@oauth-token/testing';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders, request, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ask, DemoBench } from '../test/demo-bench.js';
import type { RunningDemo } from './start-demo.js';

const IDS = ['2ba', 'veeam', 'empowerid'];

const callTo = (url: string): object => ({ registrationId: '2ba', url });

describe('the demo', () => {
  const bench = new DemoBench();
  let sandbox: SandboxServer;
  let demo: RunningDemo;

  beforeEach(async () => {
    sandbox = await bench.sandbox();
    demo = await bench.start({ SANDBOX_URL: sandbox.url });
  });
  afterEach(() => bench.close());

  const apiOf = (dialect: string): string => `${sandbox.url}/${dialect}/api/things?x=1`;

  const refreshAll = async (): Promise<void> => {
    for (const id of IDS) await ask(demo, `POST /tokens/${id}/refresh`);
    sandbox.clearLedger();
  };

  it('tells how the tokens stand', async () => {
    for (const id of IDS) {
      expect(await ask(demo, `POST /tokens/${id}/refresh`)).toMatchObject({
        status: 200,
        body: { outcome: 'refreshed' },
      });
      expect((await ask(demo, `GET /tokens/${id}`)).body).toMatchObject({ state: 'fresh' });
    }
    const { status, body } = await ask(demo, 'GET /tokens');
    expect(status).toBe(200);
    const { items } = body as { items: { registrationId: string; state: string }[] };
    expect(items.map(({ registrationId }) => registrationId).sort()).toEqual([...IDS].sort());
    expect(items.every(({ state }) => state === 'fresh')).toBe(true);
    expect((await ask(demo, 'GET /tokens/2ba?subject=alice')).body).toMatchObject({
      subject: 'alice',
      state: 'none',
    });
  });

  it.each(IDS)('makes calls with the bearer of %s', async (id) => {
    const call = { registrationId: id, url: apiOf(id), method: 'post', body: { a: 1 } };
    const { status, body } = await ask(demo, 'POST /call', call);
    expect(status).toBe(200);
    expect(body).toMatchObject({ status: 200, attempts: 1, refreshed: false });
    expect(body).toMatchObject({ body: { method: 'POST', dialect: id, bodyLength: 7 } });
  });

  it('survives a revoked token with one resend and one token request', async () => {
    await refreshAll();
    sandbox.revoke({ dialect: '2ba', accessTokens: true });
    const call = { registrationId: '2ba', url: apiOf('2ba') };
    const { status, body } = await ask(demo, 'POST /call', call);
    expect(status).toBe(200);
    expect(body).toMatchObject({ status: 200, attempts: 2, refreshed: true });
    expect(sandbox.ledger()).toHaveLength(1);
    expect((await ask(demo, 'POST /call', call)).body).toMatchObject({ attempts: 1 });
  });

  it('reports the status of the API as it is', async () => {
    sandbox.addFault({ dialect: '2ba', on: 'api', kind: 'status', status: 418, times: 1 });
    const { status, body } = await ask(demo, 'POST /call', {
      registrationId: '2ba',
      url: apiOf('2ba'),
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({ status: 418, attempts: 1, refreshed: false });
  });

  it('tells an API that cannot be reached', async () => {
    sandbox.addFault({ dialect: '2ba', on: 'api', kind: 'reset', times: 1 });
    const answer = await ask(demo, 'POST /call', { registrationId: '2ba', url: apiOf('2ba') });
    expect(answer).toMatchObject({ status: 502, body: { code: 'api_unreachable' } });
  });

  describe('towards a foreign origin', () => {
    let foreign: Server;
    let seen: IncomingHttpHeaders[];
    let url: string;

    beforeEach(async () => {
      seen = [];
      foreign = createServer(({ headers }, response) => {
        seen.push(headers);
        response.end('{}');
      });
      await new Promise<void>((resolve) => foreign.listen(0, '127.0.0.1', resolve));
      url = `http://127.0.0.1:${(foreign.address() as AddressInfo).port}/`;
    });
    afterEach(() => {
      foreign.closeAllConnections();
      foreign.close();
    });

    it.each([{}, { authorization: 'Bearer of-my-own' }])('sends nothing (%j)', async (headers) => {
      const answer = await ask(demo, 'POST /call', { registrationId: '2ba', url, headers });
      expect(answer).toMatchObject({
        status: 403,
        type: 'application/problem+json',
        body: { code: 'origin_not_allowed', status: 403, registrationId: '2ba' },
      });
      expect(seen).toEqual([]);
    });
  });

  it("leaves a caller's own Authorization alone", async () => {
    const headers = { Authorization: 'Bearer of-my-own' };
    const call = { registrationId: '2ba', url: apiOf('2ba'), headers };
    expect((await ask(demo, 'POST /call', call)).body).toMatchObject({ status: 401, attempts: 1 });
  });

  it.each<[string, string, unknown, number, string]>([
    ['an empty call', 'POST /call', {}, 400, 'invalid_request'],
    ['a call without a body', 'POST /call', undefined, 400, 'invalid_request'],
    ['broken JSON', 'POST /call', '{"registrationId": canary', 400, 'invalid_request'],
    ['a relative URL', 'POST /call', callTo('/relative'), 400, 'invalid_request'],
    ['a URL with a user', 'POST /call', callTo('http://u:p@127.0.0.1/'), 400, 'invalid_request'],
    [
      'a misspelt member',
      'POST /call',
      { ...callTo('http://a/'), heders: {} },
      400,
      'invalid_request',
    ],
    [
      'a Host of its own',
      'POST /call',
      { ...callTo('http://a/'), headers: { host: 'b' } },
      400,
      'invalid_request',
    ],
    [
      'an endless subject',
      'POST /call',
      { ...callTo('http://a/'), subject: 's'.repeat(10_000) },
      400,
      'invalid_request',
    ],
    [
      'an unknown id',
      'POST /call',
      { ...callTo('http://a/'), registrationId: 'nobody' },
      404,
      'registration_not_found',
    ],
    [
      'a body over 1 MB',
      'POST /call',
      { ...callTo('http://a/'), body: 'x'.repeat(1_100_000) },
      413,
      'payload_too_large',
    ],
    ['the status of an unknown id', 'GET /tokens/nobody', undefined, 404, 'registration_not_found'],
    [
      'the renewal of an unknown id',
      'POST /tokens/nobody/refresh',
      undefined,
      404,
      'registration_not_found',
    ],
    ['a misspelt subject', 'POST /tokens/2ba/refresh', { subjct: 'x' }, 400, 'invalid_request'],
    ['a malformed path', 'GET /tokens/%E0%A4%A', undefined, 400, 'invalid_request'],
    ['an unknown path', 'GET /nothing', undefined, 404, 'not_found'],
  ])('answers %s with a problem', async (_, what, input, status, code) => {
    const answer = await ask(demo, what, input);
    expect(answer).toMatchObject({
      status,
      type: 'application/problem+json',
      body: { status, code },
    });
    expect(Object.keys(answer.body as object)).toEqual(
      expect.arrayContaining(['type', 'title', 'status', 'detail', 'code']),
    );
    expect(JSON.stringify(answer.body)).not.toMatch(/canary|node_modules|\.ts:/);
  });

  it('asks for a new login after a dead grant, and tells it again without a token request', async () => {
    await refreshAll();
    sandbox.revoke({ dialect: '2ba' });
    sandbox.addFault({ dialect: '2ba', on: 'token', kind: 'status', status: 400, times: 5 });
    const call = { registrationId: '2ba', url: apiOf('2ba') };
    const first = await ask(demo, 'POST /call', call);
    expect(first).toMatchObject({ status: 409, body: { code: 'reauthorization_required' } });
    const requests = sandbox.ledger().length;
    expect((await ask(demo, 'POST /call', call)).status).toBe(409);
    expect(sandbox.ledger()).toHaveLength(requests);
  });

  it('is healthy', async () => {
    await refreshAll();
    for (const path of ['/health', '/health/live', '/health/ready']) {
      expect(await ask(demo, `GET ${path}`)).toMatchObject({ status: 200, body: { status: 'ok' } });
    }
    const { body } = await ask(demo, 'GET /health');
    expect(body).toMatchObject({
      details: { oauthToken: { status: 'up', registrations: { '2ba': 'fresh' } } },
    });
  });

  it('refuses requests that name another host', async () => {
    const { port } = new URL(demo.httpUrl);
    const status = await new Promise((resolve, reject) => {
      request({ port, path: '/tokens', headers: { host: `evil.example:${port}` } }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on('error', reject)
        .end();
    });
    expect(status).toBe(403);
    expect(await ask(demo, 'GET /')).toMatchObject({ status: 200 });
  });

  it('answers messages', async () => {
    const token = await bench.message(demo, 'oauth.token.get', { registrationId: 'veeam' });
    expect(token).toEqual({
      accessToken: expect.stringMatching(/^ey/) as string,
      expiresAt: expect.any(Number) as number,
    });
    expect(
      await bench.message(demo, 'oauth.token.status', { registrationId: 'veeam' }),
    ).toMatchObject({ registrationId: 'veeam', state: 'fresh' });
    expect(
      await bench.message(demo, 'oauth.token.refresh', { registrationId: 'veeam' }),
    ).toMatchObject({ outcome: 'refreshed' });
  });

  it.each<[unknown, string]>([
    [{ registrationId: 'nobody' }, 'registration_not_found'],
    [{ registrationId: 'veeam', subject: 'alice' }, 'reauthorization_required'],
    [{ registrationid: 'veeam' }, 'invalid_request'],
    ['veeam', 'invalid_request'],
  ])('answers the message %j with { code, message }', async (data, code) => {
    await expect(bench.message(demo, 'oauth.token.get', data)).rejects.toEqual({
      code,
      message: expect.any(String) as string,
    });
  });

  it('outlives rubbish on the TCP port', async () => {
    for (const rubbish of [
      'GET / HTTP/1.1\r\n\r\n#',
      '5#{{{{{',
      `9999999#${'x'.repeat(2_000_000)}`,
    ]) {
      const socket = connect(demo.tcpPort, '127.0.0.1');
      socket.on('error', () => undefined);
      await new Promise<void>((resolve) => {
        socket.on('connect', () => socket.write(rubbish));
        socket.once('close', resolve).on('data', () => socket.destroy());
        setTimeout(() => socket.destroy(), 200).unref();
      });
    }
    expect(
      await bench.message(demo, 'oauth.token.status', { registrationId: 'veeam' }),
    ).toMatchObject({ registrationId: 'veeam' });
  });
});

describe('the demo with a registration in trouble', () => {
  const bench = new DemoBench();
  let folder: string;
  let sandbox: SandboxServer;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'oauth-token-demo-'));
    sandbox = await bench.sandbox();
  });
  afterEach(async () => {
    await bench.close();
    await rm(folder, { recursive: true });
  });

  /** A demo whose 2BA registration has a wrong secret, beside others. */
  const startWith = async (others: object[]): Promise<RunningDemo> => {
    const wrong = {
      registrationId: 'wrong',
      provider: 'twoBa',
      providerOptions: { authority: `${sandbox.url}/2ba` },
      clientId: 'demo-client',
      clientSecret: '${WRONG_SECRET}',
      grant: { type: 'password', username: 'demo', password: 'demo-password' },
      allowedOrigins: [sandbox.url],
    };
    const file = join(folder, 'registrations.json');
    await writeFile(file, JSON.stringify({ registrations: [wrong, ...others] }));
    const demo = await bench.start({
      REGISTRATIONS_FILE: file,
      WRONG_SECRET: 'canary-5ec2e7000000',
    });
    await ask(demo, 'POST /tokens/wrong/refresh');
    return demo;
  };

  it('tells that there is no token, and when to come back', async () => {
    const demo = await startWith([]);
    const answer = await ask(demo, 'POST /call', {
      registrationId: 'wrong',
      url: `${sandbox.url}/2ba/api/x`,
    });
    expect(answer).toMatchObject({
      status: 503,
      body: { code: 'token_unavailable', registrationId: 'wrong' },
    });
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(JSON.stringify(answer)).not.toContain('canary-');
  });

  it('is not ready when it can serve nothing', async () => {
    const demo = await startWith([]);
    expect((await ask(demo, 'GET /health/live')).status).toBe(200);
    for (const path of ['/health', '/health/ready']) {
      expect(await ask(demo, `GET ${path}`)).toMatchObject({
        status: 503,
        body: { status: 'error', details: { oauthToken: { status: 'down', down: ['wrong'] } } },
      });
    }
  });

  it('is ready for the others', async () => {
    const veeam = {
      registrationId: 'veeam',
      provider: 'veeamAhv',
      providerOptions: { baseUrl: `${sandbox.url}/veeam` },
      grant: { type: 'password', username: 'administrator', password: 'Password1' },
      allowedOrigins: [sandbox.url],
    };
    const demo = await startWith([veeam]);
    expect((await ask(demo, 'GET /health')).status).toBe(503);
    expect((await ask(demo, 'GET /health/ready')).status).toBe(200);
  });
});

describe('the demo with an API key', () => {
  const bench = new DemoBench();
  const apiKey = 'key-of-the-spec';
  let demo: RunningDemo;

  beforeEach(async () => {
    const sandbox = await bench.sandbox();
    demo = await bench.start({ SANDBOX_URL: sandbox.url, API_KEY: apiKey });
  });
  afterEach(() => bench.close());

  it.each(['GET /tokens', 'GET /tokens/2ba', 'POST /tokens/2ba/refresh', 'POST /call'])(
    'asks for it: %s',
    async (what) => {
      expect(await ask(demo, what)).toMatchObject({
        status: 401,
        type: 'application/problem+json',
        body: { code: 'invalid_api_key' },
      });
      const wrong = await ask(demo, what, undefined, { 'x-api-key': `${apiKey}x` });
      expect(wrong.status).toBe(401);
      const right = await ask(demo, what, undefined, { 'x-api-key': apiKey });
      expect(right.status).not.toBe(401);
    },
  );

  it('leaves health open', async () => {
    expect((await ask(demo, 'GET /health/live')).status).toBe(200);
  });

  it('asks for it in messages', async () => {
    for (const wrong of [{}, { apiKey: 'x' }, { apiKey: 7 }]) {
      await expect(
        bench.message(demo, 'oauth.token.get', { registrationId: '2ba', ...wrong }),
      ).rejects.toMatchObject({ code: 'invalid_api_key' });
    }
    const token = await bench.message(demo, 'oauth.token.get', { registrationId: '2ba', apiKey });
    expect(token).toHaveProperty('accessToken');
  });
});
