import axios, { type AxiosInstance, type AxiosRequestConfig } from 'axios';
import { Agent } from 'node:https';
import { ApiServer, sendJson } from '../../test/api-server.js';
import { TokenDesk } from '../../test/token-desk.js';
import { attachOAuth } from './attach-oauth.js';

let api: ApiServer;
let other: ApiServer;
let desk: TokenDesk;

beforeEach(async () => {
  [api, other] = await Promise.all([ApiServer.start(), ApiServer.start()]);
  desk = new TokenDesk([api.origin]);
  desk.extra = { 'x-api-key': 'key-1' };
  other.answer = (_call, response) => {
    sendJson(response, 200, {});
  };
});

afterEach(() => Promise.all([api.close(), other.close()]));

const redirectTo = (server: ApiServer, status: number, location: string): void => {
  server.answer = (call, response) => {
    if (call.path === '/start') response.writeHead(status, { location }).end();
    else sendJson(response, 200, {});
  };
};

const attached = (onForeignRedirect?: 'strip' | 'error'): AxiosInstance => {
  const http = axios.create({ baseURL: api.origin, proxy: false });
  attachOAuth(http, desk, onForeignRedirect === undefined ? {} : { onForeignRedirect });
  return http;
};

const statuses = [301, 302, 303, 307, 308];

it.each(statuses)('%i within the origin keeps the credentials', async (status) => {
  redirectTo(api, status, '/end');
  await attached().post('/start', 'body');
  expect(api.calls[1]).toMatchObject({
    path: '/end',
    headers: { authorization: 'Bearer token-1', 'x-api-key': 'key-1' },
  });
});

it.each(statuses)('%i to another port is followed without any credential', async (status) => {
  redirectTo(api, status, `${other.origin}/end`);
  const headers = { 'x-mine': 'mine' };
  const response = await attached().post('/start', 'body', { headers });
  expect(response.status).toBe(200);
  expect(other.calls).toHaveLength(1);
  expect(other.calls[0]?.headers).not.toHaveProperty('authorization');
  expect(other.calls[0]?.headers).not.toHaveProperty('x-api-key');
  expect(other.calls[0]?.headers).toHaveProperty('x-mine', 'mine');
});

it.each(statuses)('%i to another port ends the call under the policy error', async (status) => {
  redirectTo(api, status, `${other.origin}/end`);
  await expect(attached('error').post('/start', 'body')).rejects.toMatchObject({
    name: 'OriginNotAllowedError',
    code: 'origin_not_allowed',
    origin: other.origin,
  });
  expect(other.calls).toEqual([]);
});

it('keeps the credentials on the way to another allowed origin', async () => {
  desk.origins.push(other.origin);
  redirectTo(api, 307, `${other.origin}/end`);
  await attached('error').get('/start');
  expect(other.calls[0]?.headers).toMatchObject({
    authorization: 'Bearer token-1',
    'x-api-key': 'key-1',
  });
});

it('goes bare to the end once it has left', async () => {
  other.answer = (_call, response) => {
    response.writeHead(307, { location: `${api.origin}/end` }).end();
  };
  redirectTo(api, 307, `${other.origin}/there`);
  await attached().get('/start');
  expect(api.calls.map((call) => call.headers['x-api-key'])).toEqual(['key-1', undefined]);
  expect(api.bearers).toEqual(['Bearer token-1', undefined]);
});

it('runs the hook of the user, and takes back the headers that it copies', async () => {
  redirectTo(api, 307, `${other.origin}/end`);
  const seen: string[] = [];
  await attached().get('/start', {
    beforeRedirect: (options, _response, previous) => {
      seen.push(String(options['href']));
      options['headers'] = { ...previous.headers, 'X-Hook': 'ran' };
    },
  });
  expect(seen).toEqual([`${other.origin}/end`]);
  expect(other.calls[0]?.headers).toMatchObject({ 'x-hook': 'ran' });
  expect(JSON.stringify(other.calls[0]?.headers)).not.toMatch(/token-1|key-1/);
});

it('leaves an Authorization that the hook brings for the other host', async () => {
  redirectTo(api, 307, `${other.origin}/end`);
  await attached().get('/start', {
    beforeRedirect: (options) => {
      (options['headers'] as Record<string, string>)['Authorization'] = 'Bearer theirs';
    },
  });
  expect(other.bearers).toEqual(['Bearer theirs']);
});

it('an error of that hook is the error of the call', async () => {
  redirectTo(api, 307, `${other.origin}/end`);
  const call = attached().get('/start', {
    beforeRedirect: () => {
      throw new Error('not that way');
    },
  });
  await expect(call).rejects.toThrow('not that way');
  expect(other.calls).toEqual([]);
});

it('does not take a 401 of a place that saw no bearer for a refusal of the token', async () => {
  redirectTo(api, 307, `${other.origin}/end`);
  other.answer = undefined;
  await expect(attached().get('/start')).rejects.toMatchObject({ status: 401 });
  expect(desk.refused).toEqual([]);
  expect(api.calls).toHaveLength(1);
});

it('counts a step down from https as leaving, though both origins are allowed', async () => {
  const secure = await ApiServer.start({ tls: true });
  try {
    desk.origins.push(secure.origin, other.origin);
    redirectTo(secure, 307, `${other.origin}/end`);
    const agent = new Agent({ rejectUnauthorized: false });
    const config: AxiosRequestConfig = { baseURL: secure.origin, httpsAgent: agent };
    await attached().get('/start', config);
    expect(secure.bearers).toEqual(['Bearer token-1']);
    expect(JSON.stringify(other.calls[0]?.headers)).not.toMatch(/token-1|key-1/);
    await expect(attached('error').get('/start', config)).rejects.toMatchObject({
      code: 'origin_not_allowed',
    });
    agent.destroy();
  } finally {
    await secure.close();
  }
});

describe('through the fetch adapter', () => {
  it.each(statuses)('%i to another port is followed without any credential', async (status) => {
    redirectTo(api, status, `${other.origin}/end`);
    const headers = { 'x-mine': 'mine' };
    const response = await attached().post('/start', 'body', { headers, adapter: 'fetch' });
    expect(response.status).toBe(200);
    expect(api.calls[0]?.headers).toMatchObject({ 'x-api-key': 'key-1' });
    expect(JSON.stringify(other.calls[0]?.headers)).not.toMatch(/token-1|key-1/);
    expect(other.calls[0]).toMatchObject({
      headers: { 'x-mine': 'mine' },
      method: status < 304 ? 'GET' : 'POST',
      body: status < 304 ? '' : 'body',
    });
  });

  it('ends the call under the policy error', async () => {
    redirectTo(api, 307, `${other.origin}/end`);
    await expect(attached('error').get('/start', { adapter: 'fetch' })).rejects.toMatchObject({
      name: 'OriginNotAllowedError',
      origin: other.origin,
    });
    expect(other.calls).toEqual([]);
  });

  it('asks the fetch that the request brings', async () => {
    const asked: string[] = [];
    const own: typeof fetch = (input, init) => {
      asked.push(input instanceof Request ? input.url : String(input));
      return fetch(input, init);
    };
    redirectTo(api, 307, `${other.origin}/end`);
    await attached().get('/start', { adapter: 'fetch', env: { fetch: own } });
    expect(asked).toEqual([`${api.origin}/start`, `${other.origin}/end`]);
  });

  it('does not follow where the caller does not want it', async () => {
    redirectTo(api, 307, `${other.origin}/end`);
    const call = attached().get('/start', { adapter: 'fetch', maxRedirects: 0 });
    await expect(call).rejects.toMatchObject({ status: 307 });
    expect(other.calls).toEqual([]);
  });

  it('sends a form again with a boundary of its own', async () => {
    redirectTo(api, 307, `${other.origin}/end`);
    const form = new FormData();
    form.append('name', 'value');
    await attached().post('/start', form, { adapter: 'fetch' });
    const { headers, body } = other.calls[0] ?? { headers: {}, body: '' };
    const boundary = /boundary=(.+)$/.exec(headers['content-type'] ?? '')?.[1] ?? 'none';
    expect(body).toContain(`--${boundary}--`);
    expect(body).toContain('value');
  });
});
