import { inspect } from 'node:util';
import { ApiServer, sendJson } from '../../test/api-server.js';
import { TokenDesk } from '../../test/token-desk.js';
import { attemptsOf, isRetryable } from './call-mark.js';
import { createOAuthFetch, type OAuthFetch } from './create-oauth-fetch.js';

let api: ApiServer;
let other: ApiServer;
let desk: TokenDesk;
let send: OAuthFetch;

beforeEach(async () => {
  [api, other] = await Promise.all([ApiServer.start(), ApiServer.start()]);
  api.goodTokens.add('token-1');
  desk = new TokenDesk([api.origin]);
  send = createOAuthFetch(desk);
});

afterEach(() => Promise.all([api.close(), other.close()]));

const lead = (status: number, location: string): void => {
  api.answer = (call, response) => {
    if (call.path === '/start') response.writeHead(status, { location }).end('moved');
    else sendJson(response, 200, { body: call.body });
  };
};

describe('what can be asked for', () => {
  it.each<[string, () => Parameters<OAuthFetch>]>([
    ['text', () => [`${api.origin}/x`]],
    ['a URL', () => [new URL(`${api.origin}/x`)]],
    ['a Request', () => [new Request(`${api.origin}/x`)]],
    ['user information', () => [`${api.origin.replace('//', '//me:secret@')}/x`]],
  ])('%s', async (_name, ask) => {
    expect((await send(...ask())).status).toBe(200);
    expect(api.calls).toMatchObject([{ path: '/x', headers: { authorization: 'Bearer token-1' } }]);
  });

  it.each(['/x', 'x', '', 'http://', 'data:text/plain,x'])('not %j', async (input) => {
    await expect(send(input)).rejects.toMatchObject({ code: 'origin_not_allowed' });
  });

  it('keeps method, headers and body of a Request, and what overrides them', async () => {
    const request = new Request(`${api.origin}/x`, {
      method: 'PUT',
      body: 'text',
      headers: { 'x-mine': 'mine' },
    });
    await send(request);
    expect(api.calls[0]).toMatchObject({
      method: 'PUT',
      body: 'text',
      headers: { 'x-mine': 'mine', 'content-length': '4', authorization: 'Bearer token-1' },
    });
    await send(new Request(request.url, { headers: { a: '1' } }), { headers: { b: '2' } });
    expect(api.calls[1]?.headers).toMatchObject({ b: '2', authorization: 'Bearer token-1' });
    expect(api.calls[1]?.headers).not.toHaveProperty('a');
  });

  it('leaves a Request with an Authorization of its own alone', async () => {
    await send(new Request(other.origin, { headers: { authorization: 'Basic x' } }));
    expect(other.bearers).toEqual(['Basic x']);
  });

  it('asks the fetch of the platform as it is then', async () => {
    const before = globalThis.fetch;
    let asked = 0;
    globalThis.fetch = (...call) => {
      asked += 1;
      return before(...call);
    };
    try {
      await send(api.origin);
    } finally {
      globalThis.fetch = before;
    }
    expect(asked).toBe(1);
  });

  it('needs to be told where a plain source may go', () => {
    const plain = {
      registrationId: 'plain',
      getAccessToken: () => Promise.resolve('t'),
      renewRejected: () => Promise.resolve('t'),
    };
    expect(() => createOAuthFetch(plain)).toThrow('allowedOrigins');
  });
});

describe('a Request with a body, after a 401', () => {
  const post = (): Request => new Request(api.origin, { method: 'POST', body: 'text' });

  beforeEach(() => {
    api.goodTokens.clear();
    api.goodTokens.add('token-2');
  });

  it('is not sent again', async () => {
    const response = await send(post());
    expect(response.status).toBe(401);
    expect([attemptsOf(response), isRetryable(response)]).toEqual([1, false]);
    expect(desk.refused).toEqual(['token-1']);
  });

  it('is with a body factory', async () => {
    const response = await send(post(), { oauth: { body: () => 'text' } });
    expect([response.status, attemptsOf(response)]).toEqual([200, 2]);
    expect(api.calls.map(({ body }) => body)).toEqual(['text', 'text']);
  });

  it('is without a body', async () => {
    const response = await send(new Request(api.origin, { method: 'DELETE' }));
    expect([response.status, attemptsOf(response)]).toEqual([200, 2]);
  });
});

describe('redirects', () => {
  it('are told as fetch tells them', async () => {
    lead(302, '/end');
    const response = await send(`${api.origin}/start`);
    expect(response).toMatchObject({ status: 200, redirected: true, url: `${api.origin}/end` });
    expect((await send(`${api.origin}/end`)).redirected).toBe(false);
  });

  it('are left to the caller with manual, and an error with error', async () => {
    lead(302, `${other.origin}/end`);
    const init = { redirect: 'manual' } as const;
    expect((await send(`${api.origin}/start`, init)).status).toBe(302);
    expect((await send(new Request(`${api.origin}/start`, init))).status).toBe(302);
    await expect(send(`${api.origin}/start`, { redirect: 'error' })).rejects.toThrow(
      'fetch failed',
    );
    expect(other.calls).toEqual([]);
  });

  it('take along the body of a Request as little as a stream', async () => {
    lead(307, '/end');
    const post = { method: 'POST', body: 'text' };
    const request = new Request(`${api.origin}/start`, post);
    await expect(send(request)).rejects.toThrow('fetch failed');
    expect(await (await send(`${api.origin}/start`, post)).json()).toEqual({ body: 'text' });
    const again = new Request(`${api.origin}/start`, post);
    const response = await send(again, { oauth: { body: () => 'anew' } });
    expect(await response.json()).toEqual({ body: 'anew' });
  });

  it('are followed twenty times', async () => {
    let count = 0;
    api.answer = (_call, response) => {
      count += 1;
      if (count > 20) sendJson(response, 200, {});
      else response.writeHead(302, { location: `/${count}` }).end();
    };
    expect((await send(api.origin)).status).toBe(200);
    count = -1;
    await expect(send(api.origin)).rejects.toMatchObject({
      message: 'fetch failed',
      cause: { message: 'redirect count exceeded' },
    });
  });

  it('end with the signal of the caller', async () => {
    const controller = new AbortController();
    lead(302, `${other.origin}/end`);
    other.answer = () => {
      controller.abort(new Error('enough'));
    };
    const call = send(`${api.origin}/start`, { signal: controller.signal });
    await expect(call).rejects.toThrow('enough');
  });
});

it('errors hold no credential', async () => {
  desk = new TokenDesk([api.origin, 'http://127.0.0.1:1'], 'canary-1');
  desk.extra = { 'x-api-key': 'canary-2' };
  send = createOAuthFetch(desk, { onForeignRedirect: 'error' });
  api.answer = (call, response) => {
    if (call.path === '/start') response.writeHead(302, { location: other.origin }).end();
    else response.destroy();
  };
  const calls = ['http://127.0.0.1:1/', `${api.origin}/reset`, `${api.origin}/start`, other.origin];
  for (const url of calls) {
    const error: unknown = await send(url).catch((thrown: unknown) => thrown);
    expect(error).toHaveProperty('stack');
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('canary');
  }
});
