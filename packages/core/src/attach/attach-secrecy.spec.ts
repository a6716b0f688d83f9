import axios, { type AxiosInstance, type AxiosRequestConfig } from 'axios';
import { Agent } from 'node:http';
import { Agent as TlsAgent } from 'node:https';
import { type Readable } from 'node:stream';
import { inspect } from 'node:util';
import { gzipSync } from 'node:zlib';
import { ApiServer, sendJson } from '../../test/api-server.js';
import { TokenDesk } from '../../test/token-desk.js';
import { attachOAuth } from './attach-oauth.js';

const CANARY = 'canary-5f1d9a';

let api: ApiServer;
let secure: ApiServer;
let desk: TokenDesk;
const agents = [
  new Agent({ keepAlive: true }),
  new TlsAgent({ keepAlive: true, rejectUnauthorized: false }),
] as const;
const open: Readable[] = [];

beforeEach(async () => {
  [api, secure] = await Promise.all([ApiServer.start(), ApiServer.start({ tls: true })]);
  desk = new TokenDesk([api.origin, secure.origin, 'http://127.0.0.1:1'], `${CANARY}-1`);
  desk.next = () => Promise.resolve(`${CANARY}-2`);
  desk.extra = { 'x-api-key': `${CANARY}-key` };
});

afterEach(async () => {
  for (const stream of open.splice(0)) stream.destroy();
  await Promise.all([api.close(), secure.close()]);
});

afterAll(() => {
  for (const agent of agents) agent.destroy();
});

const instance = (): AxiosInstance => {
  const http = axios.create({ proxy: false, httpAgent: agents[0], httpsAgent: agents[1] });
  attachOAuth(http, desk);
  return http;
};

/** Everything that a log could make of a value. */
const printed = (value: unknown): string => {
  const parts = [inspect(value, { depth: 10, maxStringLength: null }), String(value)];
  for (const part of [value, (value as { config?: unknown }).config]) {
    try {
      parts.push(JSON.stringify(part));
    } catch {
      parts.push('(circular)');
    }
  }
  if (value instanceof Error) parts.push(value.message, value.stack ?? '');
  return parts.join('\n');
};

const outcome = async (config: AxiosRequestConfig): Promise<unknown> => {
  try {
    return await instance().request(config);
  } catch (error) {
    return error;
  }
};

const status = (code: number): void => {
  for (const server of [api, secure]) {
    server.answer = (_call, response) => {
      sendJson(response, code, {});
    };
  }
};

const base = (): [string, string][] => [
  ['http', api.origin],
  ['https', secure.origin],
];

describe.each([200, 401, 403, 500])('status %i', (code) => {
  it.each([
    {},
    { maxRedirects: 0 },
    { adapter: 'fetch' as const },
    { responseType: 'stream' as const },
  ])('leaves no credential in what the caller gets (%o)', async (options) => {
    status(code);
    for (const [, url] of base()) {
      // The platform's fetch has no way to accept a test certificate per call.
      if (url === secure.origin && 'adapter' in options) continue;
      const result = (await outcome({ url: `${url}/x`, ...options })) as {
        status: number;
        config: object;
        data?: Readable;
        response?: { data?: Readable };
      };
      expect(result.status).toBe(code);
      const body = result.data ?? result.response?.data;
      if ('responseType' in options && body !== undefined) open.push(body);
      expect(result.config).toHaveProperty('url', `${url}/x`);
      expect(printed(result)).not.toContain(CANARY);
      if (body !== undefined) expect(printed(body)).not.toContain(CANARY);
    }
  });
});

it.each([
  ['a refused connection', { url: 'http://127.0.0.1:1/' }],
  ['a reset connection', {}],
  ['a timeout', { timeout: 40 }],
  ['an answer that is too long', { maxContentLength: 1 }],
  ['too many redirects', { maxRedirects: 1 }],
])('%s leaves none either', async (name, options) => {
  api.answer = (_call, response) => {
    if (name === 'a reset connection') response.destroy();
    else if (name === 'too many redirects') response.writeHead(302, { location: '/x' }).end();
    else if (name !== 'a timeout') sendJson(response, 200, { long: 'answer' });
  };
  const error = await outcome({ url: `${api.origin}/x`, ...options });
  expect(error).toBeInstanceOf(Error);
  expect(printed(error)).not.toContain(CANARY);
});

it('an aborted call leaves none', async () => {
  const controller = new AbortController();
  api.answer = () => {
    controller.abort();
  };
  const error = await outcome({ url: `${api.origin}/x`, signal: controller.signal });
  expect(error).toMatchObject({ code: 'ERR_CANCELED' });
  expect(printed(error)).not.toContain(CANARY);
});

it('an error that a streamed body raises later leaves none', async () => {
  api.answer = (_call, response) => {
    response.writeHead(200).write('x'.repeat(100));
  };
  const controller = new AbortController();
  const streams = await Promise.all(
    [{ maxContentLength: 10 }, { signal: controller.signal }].map(async (options) => {
      const config = { url: `${api.origin}/x`, responseType: 'stream' as const, ...options };
      return ((await outcome(config)) as { data: Readable }).data;
    }),
  );
  open.push(...streams);
  const errors = Promise.all(
    streams.map((stream) => new Promise<unknown>((resolve) => stream.once('error', resolve))),
  );
  for (const stream of streams) stream.resume();
  controller.abort();
  for (const error of await errors) {
    expect(error).toHaveProperty('config.url', `${api.origin}/x`);
    expect(printed(error)).not.toContain(CANARY);
  }
});

it('a body that is decompressed leaves none', async () => {
  api.answer = (_call, response) => {
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('text'));
  };
  const response = (await outcome({ url: `${api.origin}/x`, responseType: 'stream' })) as {
    data: Readable;
  };
  open.push(response.data);
  expect(printed(response)).not.toContain(CANARY);
});

it('keeps of the request what callers read', async () => {
  api.answer = (call, response) => {
    if (call.path === '/x') response.writeHead(302, { location: '/end?a=1' }).end();
    else sendJson(response, 200, {});
  };
  const response = (await outcome({ url: `${api.origin}/x` })) as { request: unknown };
  expect(response.request).toEqual({
    method: 'GET',
    protocol: 'http:',
    host: '127.0.0.1',
    path: '/end?a=1',
    res: { responseUrl: `${api.origin}/end?a=1` },
  });
});

it('keeps agents working after hiding their sockets', async () => {
  status(200);
  await outcome({ url: `${api.origin}/x` });
  expect(Object.keys(agents[0])).not.toContain('freeSockets');
  expect(Object.keys(agents[0].freeSockets)).not.toEqual([]);
});

it('errors of a custom adapter are cleaned, causes and members too', async () => {
  const failing = (config: AxiosRequestConfig): never => {
    const inner = Object.assign(new Error('inner'), {
      config: { headers: Object.fromEntries(Object.entries(config.headers ?? {})) },
    });
    const many = new AggregateError([inner], 'many');
    throw Object.assign(new Error('outer', { cause: many }), {
      config,
      request: { headers: config.headers },
      response: { status: 500, config, request: { headers: config.headers } },
    });
  };
  const error = await outcome({ url: `${api.origin}/x`, adapter: failing });
  expect(error).toMatchObject({ message: 'outer' });
  expect(printed(error)).not.toContain(CANARY);
});
