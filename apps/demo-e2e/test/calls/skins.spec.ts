import {
  OriginNotAllowedError,
  ReauthorizationRequiredError,
  type TokenRequestOptions,
  TokenUnavailableError,
} from '@oauth-token/core';
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { Desk } from './support/desk.js';
import { Network, type SeenCall } from './support/network.js';
import { type SendCall, SKINS } from './support/skins.js';

const API = 'https://api.example.com';

const sendJson = (
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void => {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
};

const hasNext = (call: SeenCall): boolean => call.headers.authorization === 'Bearer token-2';

describe.each(SKINS)('$name', ({ name, form: makeForm, make }) => {
  let network: Network;
  let desk: Desk;
  let send: SendCall;
  let good: Set<string>;

  const judge = (call: SeenCall, response: ServerResponse): void => {
    const token = call.headers.authorization?.replace(/^Bearer /, '') ?? '';
    if (good.has(token)) sendJson(response, 200, { ok: true });
    else
      sendJson(
        response,
        401,
        { ok: false },
        { 'www-authenticate': 'Bearer error="invalid_token"' },
      );
  };

  beforeEach(async () => {
    network = new Network([API]);
    await network.start();
    network.api.answer = judge;
    desk = new Desk([API]);
    good = new Set(['token-1']);
    send = make(network, desk);
  });
  afterEach(() => network.stop());

  const caught = (url: string, call = {}): Promise<unknown> =>
    send(url, call).then(
      () => undefined,
      (error: unknown) => error,
    );

  describe('a request', () => {
    it('carries the bearer, and the answer comes as it is', async () => {
      const answer = await send(`${API}/items?a=1`);
      expect(answer).toEqual({ status: 200, text: '{"ok":true}', attempts: 1, retryable: true });
      expect(network.api.calls).toMatchObject([
        { path: '/items?a=1', headers: { authorization: 'Bearer token-1' } },
      ]);
      expect(desk.taken).toEqual(['token-1']);
    });

    it('keeps its own headers and gets those of the provider', async () => {
      desk.extra = { 'x-api-key': 'key-1' };
      await send(API, { headers: { 'X-Mine': 'mine', 'X-API-Key': 'other' } });
      expect(network.api.calls[0]?.headers).toMatchObject({
        'x-mine': 'mine',
        'x-api-key': 'key-1',
        authorization: 'Bearer token-1',
      });
    });

    it.each([
      ['opted out', { oauth: false as const }, undefined],
      ['with an Authorization of its own', { headers: { authorization: 'Basic x' } }, 'Basic x'],
      ['with one in capitals', { headers: { AUTHORIZATION: 'Basic x' } }, 'Basic x'],
    ])('%s is left alone, wherever it goes', async (_name, call, sent) => {
      await send('https://stranger.example/x', call);
      expect(network.stranger.bearers).toEqual([sent]);
      expect(desk.asked).toEqual([]);
    });

    it('asks for the token of its subject, scope and resource', async () => {
      good.add('token-1.user-42');
      const oauth = { subject: 'user-42', scope: ['read'], resource: ['urn:a'] };
      expect((await send(API, { oauth })).status).toBe(200);
      expect(desk.asked[0]).toMatchObject(oauth);
      expect(network.api.bearers).toEqual(['Bearer token-1.user-42']);
    });

    it.each([
      'https://stranger.example/',
      'https://api.example.com.stranger.example/',
      'https://sub.api.example.com/',
      'https://api.example.com@stranger.example/',
      'https://api.example.com:8443/',
      'http://api.example.com/',
      'https://api.exаmple.com/',
      'https://api.example.com./',
    ])('to %s is refused, and nothing is sent', async (url) => {
      const error = await caught(url);
      expect(error).toBeInstanceOf(OriginNotAllowedError);
      expect(error).toHaveProperty('code', 'origin_not_allowed');
      expect([...network.api.calls, ...network.stranger.calls]).toEqual([]);
      expect(desk.asked).toEqual([]);
    });

    it.each([
      'HTTPS://API.example.com:443/x',
      'https://ａｐｉ.example.com/x',
      'https:api.example.com/x',
    ])('to %s is the same as to the API, where it can be sent at all', async (url) => {
      const error = await caught(url);
      if (error === undefined) expect(network.api.bearers).toEqual(['Bearer token-1']);
      expect(network.stranger.calls).toEqual([]);
    });

    it('does not go where a careless source lets it', async () => {
      desk.authorize = () =>
        Promise.resolve({
          accessToken: 't',
          headers: { authorization: 'Bearer t' },
          allows: () => false,
        });
      expect(await caught(API)).toHaveProperty('code', 'origin_not_allowed');
      expect(network.api.calls).toEqual([]);
    });

    it('stays below the path that is allowed', async () => {
      const narrow = make(network, desk, { allowedOrigins: [`${API}/v1`] });
      expect((await narrow(`${API}/v1/items`)).status).toBe(200);
      for (const path of ['/v2', '/v1/../v2', '/v1/%2e%2e/v2', '/v1/..%2fv2', '//v1']) {
        await expect(narrow(`${API}${path}`)).rejects.toHaveProperty('code', 'origin_not_allowed');
      }
      expect(network.api.calls.map(({ path }) => path)).toEqual(['/v1/items']);
    });

    it('ends its wait for a token with its signal', async () => {
      const controller = new AbortController();
      let asked = false;
      desk.authorize = (_url, options: TokenRequestOptions = {}) =>
        new Promise((_resolve, reject) => {
          asked = options.signal !== undefined;
          options.signal?.addEventListener('abort', () => {
            reject(Object.assign(new Error('ended'), { code: 'aborted' }));
          });
          queueMicrotask(() => {
            controller.abort(new Error('enough'));
          });
        });
      const error = (await caught(API, { signal: controller.signal })) as Error;
      expect(asked).toBe(true);
      expect(error.message).toMatch(/enough|cancel/);
      expect(network.api.calls).toEqual([]);
    });

    it('fails as its source does', async () => {
      const dead = new ReauthorizationRequiredError({ registrationId: 'desk', reason: 'gone' });
      desk.authorize = () => Promise.reject(dead);
      expect(await caught(API)).toBe(dead);
    });
  });

  describe('a refused token', () => {
    beforeEach(() => {
      good = new Set(['token-2']);
    });

    it('is replaced, and the call sent once more', async () => {
      const answer = await send(`${API}/x?a=1`);
      expect(answer).toEqual({ status: 200, text: '{"ok":true}', attempts: 2, retryable: true });
      expect(network.api.bearers).toEqual(['Bearer token-1', 'Bearer token-2']);
      expect(network.api.calls.map(({ path }) => path)).toEqual(['/x?a=1', '/x?a=1']);
      expect(desk.refused).toEqual(['token-1']);
      expect(desk.resent).toEqual([{ href: `${API}/x?a=1`, status: 401 }]);
      expect(desk.taken).toEqual(['token-2']);
    });

    it('is not renewed where a newer one is there already', async () => {
      network.api.answer = (call, response) => {
        desk.token = 'token-2';
        judge(call, response);
      };
      desk.next = () => Promise.reject(new Error('not asked for'));
      expect((await send(API)).status).toBe(200);
      expect(network.api.bearers).toEqual(['Bearer token-1', 'Bearer token-2']);
    });

    it('costs two calls and no more when every token is refused', async () => {
      good.clear();
      expect(await send(API)).toMatchObject({ status: 401, text: '{"ok":false}', attempts: 2 });
      expect(network.api.calls).toHaveLength(2);
      expect(desk.refused).toEqual(['token-1']);
    });

    it('is not sent again as it is', async () => {
      desk.next = () => Promise.resolve('token-1');
      expect(await send(API)).toMatchObject({ status: 401, text: '{"ok":false}', attempts: 1 });
      expect(network.api.calls).toHaveLength(1);
    });

    it('is renewed for the next call alone with retry: false', async () => {
      const oauth = { retry: false };
      expect(await send(API, { oauth })).toMatchObject({ status: 401, attempts: 1 });
      expect(desk.refused).toEqual(['token-1']);
      expect(await send(API, { oauth })).toMatchObject({ status: 200 });
    });

    it('leaves the API its answer when there is no other token now', async () => {
      const details = { registrationId: 'desk', reason: 'down', outcome: 'transient' as const };
      desk.next = () => Promise.reject(new TokenUnavailableError(details));
      expect(await send(API)).toMatchObject({ status: 401, text: '{"ok":false}' });
      expect(network.api.calls).toHaveLength(1);
    });

    it('is told as the end of the grant where it is that', async () => {
      const dead = new ReauthorizationRequiredError({ registrationId: 'desk', reason: 'gone' });
      desk.next = () => Promise.reject(dead);
      expect(await caught(API)).toBe(dead);
    });

    it.each([
      'Bearer error="insufficient_user_authentication", acr_values="mfa"',
      'Basic realm="x", Bearer error=insufficient_scope',
    ])('is none where the challenge is %s', async (challenge) => {
      network.api.answer = (_call, response) => {
        sendJson(response, 401, {}, { 'www-authenticate': challenge });
      };
      expect(await send(API)).toMatchObject({ status: 401, attempts: 1 });
      expect(desk.refused).toEqual([]);
      expect(network.api.calls).toHaveLength(1);
    });

    it.each([[undefined], [''], ['Bearer error="'], ['"""\\,,,==='], ['\u00ff\u0080;;']])(
      'is seen whatever the challenge looks like: %j',
      async (challenge) => {
        network.api.answer = (call, response) => {
          const headers = challenge === undefined ? {} : { 'www-authenticate': challenge };
          sendJson(response, hasNext(call) ? 200 : 401, {}, headers);
        };
        expect(await send(API)).toMatchObject({ status: 200, attempts: 2 });
      },
    );

    it('is none for a 403', async () => {
      network.api.answer = (_call, response) => {
        sendJson(response, 403, {}, { 'www-authenticate': 'Bearer error="insufficient_scope"' });
      };
      expect(await send(API)).toMatchObject({ status: 403, attempts: 1 });
      expect(desk.refused).toEqual([]);
    });

    it('is replaced over an answer with a long body', async () => {
      network.api.answer = (call, response) => {
        if (hasNext(call)) sendJson(response, 200, {});
        else response.writeHead(401).end(Buffer.alloc(1_000_000, 'x'));
      };
      expect(await send(API)).toMatchObject({ status: 200, attempts: 2 });
    });

    it('leaves the caller a long answer whole', async () => {
      desk.next = () => Promise.resolve('token-1');
      network.api.answer = (_call, response) => {
        response.writeHead(401).end(Buffer.alloc(1_000_000, 'x'));
      };
      const { status, text } = await send(API);
      expect([status, text.length]).toEqual([401, 1_000_000]);
    });
  });

  describe('a refusal that the body tells', () => {
    const refusal = (padding = 0): string =>
      JSON.stringify({ error: 'expired', padding: 'x'.repeat(padding) });

    beforeEach(() => {
      desk.bodyStatuses = [200, 400];
      network.api.answer = (call, response) => {
        if (hasNext(call)) sendJson(response, 200, {});
        else response.writeHead(400).end(call.path === '/long' ? refusal(200_000) : refusal());
      };
    });

    it.each(['/short', '/long'])('is seen (%s)', async (path) => {
      expect(await send(`${API}${path}`)).toMatchObject({ status: 200, attempts: 2 });
      expect(desk.refused).toEqual(['token-1']);
    });

    it.each(['/short', '/long'])('leaves its body to the caller (%s)', async (path) => {
      desk.next = () => Promise.resolve('token-1');
      const { status, text } = await send(`${API}${path}`);
      expect(status).toBe(400);
      expect(text).toBe(path === '/long' ? refusal(200_000) : refusal());
    });

    it.each([0, 200_000])('is not seen in another body (%i bytes more)', async (padding) => {
      const body = JSON.stringify({ error: 'other', padding: 'x'.repeat(padding) });
      network.api.answer = (_call, response) => {
        response.writeHead(400).end(body);
      };
      expect(await send(API)).toMatchObject({ status: 400, text: body, attempts: 1 });
      expect(desk.refused).toEqual([]);
      expect(desk.taken).toEqual(['token-1']);
    });

    it('is not looked for in answers that are no refusals', async () => {
      network.api.answer = (_call, response) => {
        response.end(refusal());
      };
      expect(await send(API)).toMatchObject({ status: 200, text: refusal(), attempts: 1 });
      expect(desk.refused).toEqual([]);
    });
  });

  describe('a body', () => {
    beforeEach(() => {
      good = new Set(['token-2']);
    });

    it.each<[string, () => unknown, string]>([
      ['text', () => 'plain text', 'plain text'],
      ['a Buffer', () => Buffer.from('bytes'), 'bytes'],
      ['a view', () => new TextEncoder().encode('bytes'), 'bytes'],
    ])('that is %s is sent again whole, with the same key', async (_name, body, text) => {
      const headers = { 'content-type': 'text/plain', 'idempotency-key': 'key-7' };
      const answer = await send(API, { method: 'POST', body: body(), headers });
      expect(answer).toMatchObject({ status: 200, attempts: 2, retryable: true });
      expect(network.api.calls.map((call) => call.body.toString())).toEqual([text, text]);
      expect(network.api.calls.map(({ headers }) => headers['idempotency-key'])).toEqual([
        'key-7',
        'key-7',
      ]);
    });

    it('that is a form is sent again whole', async () => {
      const form = makeForm() as FormData;
      form.append('name', 'value');
      form.append('file', new Blob(['file text']), 'a.txt');
      // axios leaves the type of its own over fetch otherwise.
      const headers = name.startsWith('axios') ? { 'content-type': 'multipart/form-data' } : {};
      const answer = await send(API, { method: 'POST', body: form, headers });
      expect(answer).toMatchObject({ status: 200, attempts: 2 });
      expect(network.api.calls).toHaveLength(2);
      for (const { body, headers } of network.api.calls) {
        const boundary = /boundary="?([^"]+)"?$/.exec(headers['content-type'] ?? '')?.[1];
        expect(body.toString()).toContain(`--${boundary ?? 'none'}--`);
        expect(body.toString()).toContain('file text');
      }
    });

    it('that is a stream is not, the answer says so, and the next call succeeds', async () => {
      const body = Readable.from([Buffer.from('a'), Buffer.from('b')]);
      const call = { method: 'POST', body, duplex: 'half' };
      const answer = await send(API, call);
      expect(answer).toEqual({ status: 401, text: '{"ok":false}', attempts: 1, retryable: false });
      expect(network.api.calls.map((seen) => seen.body.toString())).toEqual(['ab']);
      expect(desk.refused).toEqual(['token-1']);
      expect(await send(API)).toMatchObject({ status: 200, attempts: 1 });
    });

    it.each([true, false])(
      'that can be made anew is sent again (first one given: %s)',
      async (given) => {
        const make = (): Readable => Readable.from([Buffer.from('a'), Buffer.from('b')]);
        const oauth = { body: make };
        const call = { method: 'POST', oauth, duplex: 'half', ...(given ? { body: make() } : {}) };
        expect(await send(API, call)).toMatchObject({ status: 200, attempts: 2, retryable: true });
        expect(network.api.calls.map((seen) => seen.body.toString())).toEqual(['ab', 'ab']);
      },
    );
  });

  describe('a redirect', () => {
    const lead = (status: number, location: string): void => {
      network.api.answer = (call, response) => {
        if (call.path === '/start') response.writeHead(status, { location }).end();
        else judge(call, response);
      };
    };

    it.each([301, 302, 303, 307, 308])('%i within the origin keeps the bearer', async (status) => {
      lead(status, '/end?a=1');
      expect(await send(`${API}/start`)).toMatchObject({ status: 200, attempts: 1 });
      expect(network.api.calls.at(-1)).toMatchObject({
        path: '/end?a=1',
        headers: { authorization: 'Bearer token-1' },
      });
    });

    it('goes bare to the end once it has left', async () => {
      lead(302, 'https://stranger.example/there');
      network.stranger.answer = (call, response) => {
        const location = call.path === '/there' ? 'https://other.example/on' : `${API}/end`;
        response.writeHead(302, { location }).end();
      };
      expect(await send(`${API}/start`)).toMatchObject({ status: 401 });
      expect(network.stranger.calls.map(({ host }) => host)).toEqual([
        'stranger.example',
        'other.example',
      ]);
      expect(network.stranger.bearers).toEqual([undefined, undefined]);
      expect(network.api.bearers).toEqual(['Bearer token-1', undefined]);
      // Who saw no bearer has refused none.
      expect(desk.refused).toEqual([]);
    });

    it('keeps the bearer on the way to another allowed origin', async () => {
      desk.origins.push('https://stranger.example');
      lead(307, 'https://stranger.example/end');
      await send(`${API}/start`);
      expect(network.stranger.bearers).toEqual(['Bearer token-1']);
    });

    it('ends the call under the policy error', async () => {
      const strict = make(network, desk, { onForeignRedirect: 'error' });
      lead(302, 'https://stranger.example/end');
      await expect(strict(`${API}/start`)).rejects.toMatchObject({
        code: 'origin_not_allowed',
        origin: 'https://stranger.example',
      });
      expect(network.stranger.calls).toEqual([]);
    });

    it('does not stand in the way of a renewal', async () => {
      good = new Set(['token-2']);
      lead(307, '/end');
      expect(await send(`${API}/start`)).toMatchObject({ status: 200, attempts: 2 });
      expect(network.api.bearers.at(-1)).toBe('Bearer token-2');
    });

    it('takes a body along, and again after a refusal', async () => {
      good = new Set(['token-2']);
      lead(308, '/end');
      const answer = await send(`${API}/start`, { method: 'POST', body: 'text' });
      expect(answer).toMatchObject({ status: 200 });
      expect(new Set(network.api.calls.map(({ body }) => body.toString()))).toEqual(
        new Set(['text']),
      );
    });

    it('that never ends is given up', async () => {
      let count = 0;
      network.api.answer = (_call, response) => {
        count += 1;
        response.writeHead(302, { location: `/${count}` }).end();
      };
      const outcome = await send(`${API}/0`).catch(() => 'failed');
      expect(outcome === 'failed' || (outcome as { status: number }).status === 302).toBe(true);
      expect(count).toBeLessThanOrEqual(22);
    });
  });
});
