import axios, { type AxiosInstance, type AxiosResponse, isAxiosError, toFormData } from 'axios';
import { Readable } from 'node:stream';
import { ApiServer, sendJson } from '../../test/api-server.js';
import { TokenDesk } from '../../test/token-desk.js';
import {
  ReauthorizationRequiredError,
  StoreUnavailableError,
  TokenUnavailableError,
} from '../errors/errors.js';
import { attachOAuth } from './attach-oauth.js';
import { attemptsOf } from './call-mark.js';

let api: ApiServer;
let desk: TokenDesk;
let http: AxiosInstance;

beforeEach(async () => {
  api = await ApiServer.start();
  api.goodTokens.add('token-2');
  desk = new TokenDesk([api.origin]);
  http = axios.create({ baseURL: api.origin, proxy: false });
  attachOAuth(http, desk);
});

afterEach(() => api.close());

const caught = async (call: Promise<unknown>): Promise<unknown> => {
  try {
    await call;
  } catch (error) {
    return error;
  }
  throw new Error('It did not fail.');
};

describe('after a 401', () => {
  it('is sent once more with the next token, and says so', async () => {
    const response = await http.get('/x', { params: { a: 1 } });
    expect(response).toMatchObject({ status: 200, data: { ok: true } });
    expect(api.bearers).toEqual(['Bearer token-1', 'Bearer token-2']);
    expect(api.calls.map((call) => call.path)).toEqual(['/x?a=1', '/x?a=1']);
    expect(desk.refused).toEqual(['token-1']);
    expect(desk.resent).toEqual([{ href: `${api.origin}/x`, status: 401 }]);
    expect(attemptsOf(response)).toBe(2);
  });

  it('takes the token of the instance that sends, also for the config of another', async () => {
    const other = new TokenDesk([api.origin]);
    other.token = 'token-of-other';
    const otherHttp = axios.create({ proxy: false });
    attachOAuth(otherHttp, other);
    desk.token = 'token-2';
    const { config } = await http.get('/x');
    await otherHttp.request(config).catch(() => undefined);
    expect(api.bearers[1]).toBe('Bearer token-of-other');
  });

  it('counts one attempt where one was enough', async () => {
    desk.token = 'token-2';
    expect(attemptsOf(await http.get('/x'))).toBe(1);
    expect(desk.resent).toEqual([]);
  });

  const form = new FormData();
  form.append('name', 'value');
  form.append('file', new Blob(['file text']), 'a.txt');

  it.each([
    ['text', 'plain text', 'plain text', undefined],
    ['an object', { a: 1 }, '{"a":1}', 'application/json'],
    ['a Buffer', Buffer.from('bytes'), 'bytes', undefined],
    ['a view', new TextEncoder().encode('bytes'), 'bytes', undefined],
    [
      'URLSearchParams',
      new URLSearchParams({ a: 'b c' }),
      'a=b+c',
      'application/x-www-form-urlencoded;charset=utf-8',
    ],
    ['a Blob', new Blob(['blob text'], { type: 'text/plain' }), 'blob text', 'text/plain'],
  ])('repeats %s whole', async (_name, data, body, type) => {
    const response = await http.post('/x', data);
    expect(response.status).toBe(200);
    expect(api.calls.map((call) => call.body)).toEqual([body, body]);
    if (type !== undefined) expect(api.calls[1]?.headers['content-type']).toBe(type);
    expect(api.calls[1]?.headers['content-length']).toBe(api.calls[0]?.headers['content-length']);
  });

  it('repeats a form with its files', async () => {
    await http.post('/x', form);
    expect(api.calls).toHaveLength(2);
    for (const { body, headers } of api.calls) {
      const boundary = /boundary=(.+)$/.exec(headers['content-type'] ?? '')?.[1] ?? 'none';
      expect(body).toContain(`--${boundary}--`);
      expect(body).toContain('value');
      expect(body).toContain('file text');
    }
  });

  it.each([
    ['a stream', () => Readable.from(['a', 'b'])],
    ['a form of the form-data package', () => toFormData({ a: 'b' })],
  ])('fault 72: does not repeat %s, renews for the next call and tells', async (_name, data) => {
    const error = await caught(http.post('/x', data()));
    expect(error).toMatchObject({ status: 401, retryable: false, isAxiosError: true });
    expect(api.calls).toHaveLength(1);
    expect(desk.refused).toEqual(['token-1']);
    expect((await http.get('/x')).status).toBe(200);
  });

  it('is the same when the 401 resolves', async () => {
    const any = { validateStatus: null };
    const streamed = await http.post('/x', Readable.from(['a']), any);
    expect(streamed).toMatchObject({ status: 401, retryable: false });
    desk.token = 'token-1';
    const response = await http.get('/x', any);
    expect(response.status).toBe(200);
    expect(api.calls).toHaveLength(3);
  });

  it('fault 69: gives up after two calls when every token is refused', async () => {
    api.goodTokens.clear();
    const error = await caught(http.get('/x'));
    expect(error).toMatchObject({ status: 401 });
    expect(api.calls).toHaveLength(2);
    expect(desk.refused).toEqual(['token-1']);
    expect(attemptsOf(error as AxiosResponse)).toBe(2);
  });

  it('resolves with the second 401 where the caller takes any status', async () => {
    api.goodTokens.clear();
    const response = await http.get('/x', { validateStatus: () => true });
    expect(response.status).toBe(401);
    expect(api.calls).toHaveLength(2);
  });

  it('does not repeat for other refusals', async () => {
    api.answer = (_call, response) => {
      sendJson(response, 403, { error: 'insufficient_scope' });
    };
    expect(await caught(http.get('/x'))).toMatchObject({ status: 403 });
    expect(api.calls).toHaveLength(1);
    expect(desk.refused).toEqual([]);
  });

  it('renews and does not repeat with oauth.retry: false', async () => {
    expect(await caught(http.get('/x', { oauth: { retry: false } }))).toMatchObject({
      status: 401,
    });
    expect(api.calls).toHaveLength(1);
    expect(desk.refused).toEqual(['token-1']);
  });

  it('does not repeat with the very token that was refused', async () => {
    desk.next = () => Promise.resolve('token-1');
    expect(await caught(http.get('/x'))).toMatchObject({ status: 401 });
    expect(api.calls).toHaveLength(1);
  });

  it('repeats a streamed answer and lets go of the first', async () => {
    const letGo = new Promise<void>((resolve) => {
      api.answer = (_call, response) => {
        api.answer = undefined;
        response.once('close', resolve).writeHead(401).write('a body without an end');
      };
    });
    const response = await http.get<Readable>('/x', { responseType: 'stream' });
    let text = '';
    for await (const chunk of response.data) text += String(chunk);
    expect(JSON.parse(text)).toMatchObject({ ok: true });
    await letGo;
    expect(api.calls).toHaveLength(2);
  });

  it('repeats through the fetch adapter', async () => {
    const response = await http.post('/x', { a: 1 }, { adapter: 'fetch' });
    expect(response.status).toBe(200);
    expect(api.calls.map((call) => call.body)).toEqual(['{"a":1}', '{"a":1}']);
  });
});

describe('when there is no other token', () => {
  const details = { registrationId: 'desk', reason: 'because' };

  it.each([
    ['no token now', new TokenUnavailableError({ ...details, outcome: 'transient' })],
    ['no store', new StoreUnavailableError('away')],
  ])(
    "(%s) the caller gets the API's own answer, with the reason as its cause",
    async (_name, reason) => {
      desk.next = () => Promise.reject(reason);
      const error = await caught(http.get('/x'));
      expect(isAxiosError(error) && error.response?.status).toBe(401);
      expect((error as Error).cause).toBe(reason);
      expect(api.calls).toHaveLength(1);
    },
  );

  it('a dead grant is told as itself', async () => {
    const reason = new ReauthorizationRequiredError(details);
    desk.next = () => Promise.reject(reason);
    expect(await caught(http.get('/x'))).toBe(reason);
    expect(api.calls).toHaveLength(1);
  });
});

describe('under an interceptor that repeats failed calls', () => {
  const repeatUpTo = (times: number): void => {
    let left = times;
    http.interceptors.response.use(null, (error: unknown) => {
      if (!isAxiosError(error) || error.config === undefined || left-- === 0) throw error;
      return http.request(error.config);
    });
  };

  it('sends again once in all', async () => {
    api.goodTokens.clear();
    repeatUpTo(3);
    expect(await caught(http.get('/x'))).toMatchObject({ status: 401 });
    // Two of ours, three of the interceptor.
    expect(api.calls).toHaveLength(5);
    expect(desk.refused).toEqual(['token-1']);
    expect(desk.resent).toHaveLength(1);
  });

  it('still renews and sends again when the first failure was another', async () => {
    api.answer = (_call, response) => {
      api.answer = undefined;
      sendJson(response, 503, {});
    };
    repeatUpTo(1);
    expect((await http.post('/x', { a: 1 })).status).toBe(200);
    expect(api.bearers).toEqual(['Bearer token-1', 'Bearer token-1', 'Bearer token-2']);
    expect(api.calls[2]?.body).toBe('{"a":1}');
  });

  it('attaches the bearer also when another instance repeats the call', async () => {
    api.goodTokens.clear();
    const error = await caught(http.get('/x'));
    api.goodTokens.add('token-2');
    const response = await axios.request((error as { config: object }).config);
    expect(response.status).toBe(200);
    expect(api.bearers.at(-1)).toBe('Bearer token-2');
  });
});
