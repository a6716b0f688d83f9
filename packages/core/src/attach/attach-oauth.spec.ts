import axios, { AxiosError, type AxiosInstance, getAdapter } from 'axios';
import { ApiServer } from '../../test/api-server.js';
import { TokenDesk } from '../../test/token-desk.js';
import { isConfigurationError, WaitAbortedError } from '../errors/errors.js';
import { attachOAuth } from './attach-oauth.js';

let api: ApiServer;
let other: ApiServer;
let desk: TokenDesk;
let http: AxiosInstance;

beforeEach(async () => {
  [api, other] = await Promise.all([ApiServer.start(), ApiServer.start()]);
  api.goodTokens.add('token-1');
  desk = new TokenDesk([api.origin]);
  http = axios.create({ baseURL: `${api.origin}/v1/`, proxy: false });
  attachOAuth(http, desk);
});

afterEach(async () => {
  await Promise.all([api.close(), other.close()]);
});

describe('where the bearer goes', () => {
  it.each([
    ['a path on the base URL', () => 'items?a=1', '/v1/items?a=1'],
    ['a rooted path', () => '/items', '/v1/items'],
    ['an absolute URL', () => `${api.origin}/absolute`, '/absolute'],
    ['the base URL itself', () => '', '/v1/'],
    ['an upper-case scheme', () => api.origin.replace('http', 'HTTP') + '/x', '/x'],
  ])('%s', async (_name, url, path) => {
    const response = await http.get(url());
    expect(response.status).toBe(200);
    expect(api.calls).toMatchObject([{ path, headers: { authorization: 'Bearer token-1' } }]);
  });

  it('keeps params where they were', async () => {
    await http.get('items?a=1', { params: { b: 'x y' } });
    expect(api.calls[0]?.path).toBe('/v1/items?a=1&b=x+y');
  });

  it('takes the place of user information in the URL', async () => {
    await http.get(api.origin.replace('http://', 'http://user:secret@'));
    expect(api.bearers).toEqual(['Bearer token-1']);
  });

  it.each([
    ['an absolute URL elsewhere', () => ({ url: `${other.origin}/steal` })],
    ['another base URL', () => ({ url: '/x', baseURL: other.origin })],
    [
      'a URL whose user information looks like the origin',
      () => ({
        url: `${api.origin}@${new URL(other.origin).host}/`,
      }),
    ],
    ['another port', () => ({ url: `${other.origin}/v1/items` })],
    [
      'another host name of the same machine',
      () => ({
        url: api.origin.replace('127.0.0.1', 'localhost'),
      }),
    ],
    ['a protocol-relative URL', () => ({ url: `//${new URL(other.origin).host}/` })],
    ['a URL that cannot be read', () => ({ url: 'http://', baseURL: '' })],
    ['a data URL', () => ({ url: 'data:text/plain,x', baseURL: '' })],
    ['a socket', () => ({ url: '/x', socketPath: '/tmp/does-not-exist.sock' })],
  ])('not %s', async (_name, request) => {
    await expect(http.request(request())).rejects.toMatchObject({
      name: 'OriginNotAllowedError',
      code: 'origin_not_allowed',
    });
    expect([...api.calls, ...other.calls]).toEqual([]);
    expect(desk.asked).toEqual([]);
  });

  it('honours allowAbsoluteUrls: false', async () => {
    await http.get(`${other.origin}/x`, { allowAbsoluteUrls: false });
    expect(api.calls).toMatchObject([{ path: `/v1/${other.origin}/x` }]);
    expect(other.calls).toEqual([]);
  });

  it('checks what other interceptors made of the URL, in either order', async () => {
    const early = axios.create({ baseURL: api.origin, proxy: false });
    const redirect = (config: { baseURL?: string }): never => {
      config.baseURL = other.origin;
      return config as never;
    };
    early.interceptors.request.use(redirect);
    attachOAuth(early, desk);
    http.interceptors.request.use(redirect);
    await expect(early.get('/x')).rejects.toMatchObject({ code: 'origin_not_allowed' });
    await expect(http.get('/x')).rejects.toMatchObject({ code: 'origin_not_allowed' });
    expect(other.calls).toEqual([]);
  });

  it('does not send to a URL that careless credentials do not allow', async () => {
    const careless = new TokenDesk([api.origin]);
    careless.authorize = () =>
      Promise.resolve({
        accessToken: 't',
        headers: { authorization: 'Bearer t' },
        allows: () => false,
      });
    const instance = axios.create({ proxy: false });
    attachOAuth(instance, careless);
    await expect(instance.get(api.origin)).rejects.toMatchObject({ code: 'origin_not_allowed' });
    expect(api.calls).toEqual([]);
  });
});

describe('whose call it is', () => {
  it.each([
    ['header', { headers: { authorization: 'Bearer mine' } }, 'Bearer mine'],
    ['auth', { auth: { username: 'me', password: 'x' } }, 'Basic bWU6eA=='],
    ['oauth: false', { oauth: false as const }, undefined],
  ])('leaves a call with its own %s alone, wherever it goes', async (_name, config, sent) => {
    await expect(http.get(`${other.origin}/x`, config)).rejects.toMatchObject({ status: 401 });
    expect(other.bearers).toEqual([sent]);
    expect(desk.asked).toEqual([]);
    expect(desk.refused).toEqual([]);
  });

  it('puts a token where a header was only switched off', async () => {
    await http.get('items', { headers: { Authorization: false } });
    expect(api.bearers).toEqual(['Bearer token-1']);
  });

  it('asks for the token of the subject, scope and resource', async () => {
    const oauth = { subject: 'user-42', scope: ['read'], resource: ['urn:a'] };
    await http.get('items', { oauth });
    expect(desk.asked).toEqual([oauth]);
  });

  it('ends the wait for a token with the signal of the request', async () => {
    const controller = new AbortController();
    desk.authorize = (_url, options) =>
      new Promise((_resolve, reject) => {
        options?.signal?.addEventListener('abort', () => {
          reject(new WaitAbortedError('desk'));
        });
        controller.abort();
      });
    const call = http.get('items', { signal: controller.signal });
    await expect(call).rejects.toMatchObject({ code: AxiosError.ERR_CANCELED });
    expect(api.calls).toEqual([]);
  });

  it('leaves no listener on a cancel token', async () => {
    const { token } = axios.CancelToken.source();
    await http.get('items', { cancelToken: token });
    expect(Reflect.get(token, '_listeners')).toEqual([]);
  });

  it('ends the wait with a cancel token too', async () => {
    const source = axios.CancelToken.source();
    desk.authorize = (_url, options) =>
      new Promise((_resolve, reject) => {
        options?.signal?.addEventListener('abort', () => {
          reject(new WaitAbortedError('desk'));
        });
        source.cancel('enough');
      });
    const { signal } = new AbortController();
    const call = http.get('items', { signal, cancelToken: source.token });
    await expect(call).rejects.toMatchObject({ code: AxiosError.ERR_CANCELED, message: 'enough' });
  });
});

describe('the request', () => {
  it('runs the interceptors and transforms of the user once, and restores nothing of ours', async () => {
    api.goodTokens.clear();
    api.goodTokens.add('token-2');
    const ran: string[] = [];
    const early = axios.create({ baseURL: api.origin, proxy: false });
    early.interceptors.request.use((config) => (ran.push('before'), config));
    attachOAuth(early, desk);
    early.interceptors.request.use((config) => (ran.push('after'), config));
    early.interceptors.response.use((response) => (ran.push('response'), response));
    const response = await early.post(
      '/x',
      { a: 1 },
      {
        transformRequest: [(data: unknown) => (ran.push('transform'), JSON.stringify(data))],
        transformResponse: [(data: unknown) => (ran.push('parse'), data)],
      },
    );
    expect(ran.sort()).toEqual(['after', 'before', 'parse', 'response', 'transform']);
    expect(api.bearers).toEqual(['Bearer token-1', 'Bearer token-2']);
    expect(response.config.headers.has('authorization')).toBe(false);
    expect(response.config).toMatchObject({ url: '/x', baseURL: api.origin });
  });

  it('goes through the adapter that the request names, given as a function, a name or a list', async () => {
    const used: (string | undefined)[] = [];
    const own = getAdapter('http');
    await http.get('a', { adapter: (config) => (used.push(config.url), own(config)) });
    await http.get('b', { adapter: 'fetch' });
    await http.get('c', { adapter: ['xhr', 'http'] });
    expect(used).toEqual([`${api.origin}/v1/a`]);
    expect(api.bearers).toEqual(Array(3).fill('Bearer token-1'));
  });

  it('is left alone after detaching', async () => {
    const instance = axios.create({ proxy: false });
    const detach = attachOAuth(instance, desk);
    detach();
    await expect(instance.get(api.origin)).rejects.toMatchObject({ status: 401 });
    expect(api.bearers).toEqual([undefined]);
  });

  it('asks once when attached twice', async () => {
    attachOAuth(http, desk);
    await http.get('items');
    expect(desk.asked).toHaveLength(1);
  });
});

describe('a plain token source', () => {
  const plain = (): {
    registrationId: string;
    getAccessToken: () => Promise<string>;
    renewRejected: () => Promise<string>;
  } => ({
    registrationId: 'plain',
    getAccessToken: () => Promise.resolve('token-0'),
    renewRejected: () => Promise.resolve('token-1'),
  });

  it.each([
    ['no origins', {}, 'allowedOrigins'],
    ['an empty list', { allowedOrigins: [] }, 'allowedOrigins'],
    [
      'a query',
      { allowedOrigins: ['https://a.example', 'https://b.example/v1?'] },
      'allowedOrigins[1]',
    ],
  ])('is refused with %s', (_name, options, path) => {
    let thrown: unknown;
    try {
      attachOAuth(axios.create(), plain(), options);
    } catch (error) {
      thrown = error;
    }
    expect(isConfigurationError(thrown) && thrown.problems[0]?.path).toBe(path);
  });

  it('rides as Bearer to its origins alone, and is renewed after a 401', async () => {
    const instance = axios.create({ proxy: false });
    attachOAuth(instance, plain(), { allowedOrigins: [api.origin] });
    await expect(instance.get(other.origin)).rejects.toMatchObject({
      code: 'origin_not_allowed',
      allowedOrigins: [api.origin],
    });
    expect((await instance.get(api.origin)).status).toBe(200);
    expect(api.bearers).toEqual(['Bearer token-0', 'Bearer token-1']);
  });

  it('is not renewed for a challenge that asks for a better login', async () => {
    api.answer = (_call, response) => {
      const challenge = 'Bearer error="insufficient_user_authentication"';
      response.writeHead(401, { 'www-authenticate': challenge }).end();
    };
    const instance = axios.create({ proxy: false });
    attachOAuth(instance, plain(), { allowedOrigins: [api.origin] });
    await expect(instance.get(api.origin)).rejects.toMatchObject({ status: 401 });
    expect(api.calls).toHaveLength(1);
  });

  it('narrows a source of a registration', async () => {
    const instance = axios.create({ proxy: false });
    attachOAuth(instance, new TokenDesk([api.origin, other.origin]), {
      allowedOrigins: [api.origin],
    });
    await instance.get(api.origin);
    await expect(instance.get(other.origin)).rejects.toMatchObject({ code: 'origin_not_allowed' });
    expect(other.calls).toEqual([]);
  });
});
