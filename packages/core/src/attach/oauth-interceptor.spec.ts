import { Writable } from 'node:stream';
import { inspect } from 'node:util';
import { Agent, type Dispatcher, interceptors, Pool, request, type RetryHandler } from 'undici';
import { ApiServer, sendJson } from '../../test/api-server.js';
import { TokenDesk } from '../../test/token-desk.js';
import { ReauthorizationRequiredError } from '../errors/errors.js';
import { attemptsOf, isRetryable } from './call-mark.js';
import type { Dispatch, DispatchHandler } from './dispatch-types.js';
import { oauthInterceptor } from './oauth-interceptor.js';

let api: ApiServer;
let other: ApiServer;
let desk: TokenDesk;
const open: Dispatcher[] = [];

beforeEach(async () => {
  [api, other] = await Promise.all([ApiServer.start(), ApiServer.start()]);
  api.goodTokens.add('token-1');
  desk = new TokenDesk([api.origin]);
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((dispatcher) => dispatcher.destroy()));
  await Promise.all([api.close(), other.close()]);
});

const agentWith = (...more: Dispatcher.DispatcherComposeInterceptor[]): Dispatcher => {
  const agent = new Agent();
  open.push(agent);
  return agent.compose(oauthInterceptor(desk), ...more);
};

const get = (url: string, dispatcher: Dispatcher, given: object = {}): ReturnType<typeof request> =>
  request(url, { ...given, dispatcher });

/** Takes a 401 for the first token and a 200 for the next. */
const renewing = (): void => {
  api.goodTokens.clear();
  api.goodTokens.add('token-2');
};

it.each<[string, Dispatcher.DispatchOptions['headers'] | null]>([
  ['an object', { 'x-mine': 'mine', 'x-list': ['1', '2'] }],
  ['a flat list', ['x-mine', 'mine', 'x-list', '1', 'x-list', '2']],
  [
    'pairs',
    new Map<string, string | string[]>([
      ['x-mine', 'mine'],
      ['x-list', ['1', '2']],
    ]),
  ],
])('keeps headers given as %s', async (_name, headers) => {
  expect((await get(api.origin, agentWith(), { headers })).statusCode).toBe(200);
  expect(api.calls[0]?.headers).toMatchObject({
    'x-mine': 'mine',
    'x-list': '1, 2',
    authorization: 'Bearer token-1',
  });
});

describe('where a request goes', () => {
  it('has to be said', async () => {
    const agent = agentWith();
    const path = `${other.origin}/x`;
    await expect(agent.request({ origin: api.origin, path, method: 'GET' })).rejects.toMatchObject({
      code: 'origin_not_allowed',
    });
    expect(api.calls).toEqual([]);
  });

  it('is one place for a pool, which has to be told', async () => {
    const pool = new Pool(api.origin);
    open.push(pool);
    const untold = pool.compose(oauthInterceptor(desk));
    const call = { path: '/x', method: 'GET' } as const;
    await expect(untold.request(call)).rejects.toMatchObject({ code: 'origin_not_allowed' });
    const told = pool.compose(oauthInterceptor(desk, { origin: api.origin }));
    expect((await told.request(call)).statusCode).toBe(200);
    // A pool does not go where a request says.
    const elsewhere = new Pool(other.origin);
    open.push(elsewhere);
    const misled = elsewhere.compose(oauthInterceptor(desk, { origin: other.origin }));
    await expect(misled.request({ ...call, origin: api.origin })).rejects.toMatchObject({
      code: 'origin_not_allowed',
    });
    expect(other.calls).toEqual([]);
  });

  it('is sent as it was checked', async () => {
    desk = new TokenDesk([api.origin]);
    const agent = new Agent();
    open.push(agent);
    const allowedOrigins = [`${api.origin}/v1`];
    const narrow = agent.compose(oauthInterceptor(desk, { allowedOrigins }));
    const call = { origin: api.origin, method: 'GET' } as const;
    await narrow.request({ ...call, path: '/v2/../v1/items', query: { a: 'b c' } });
    expect(api.calls[0]?.path).toBe('/v1/items?a=b%20c');
    await expect(narrow.request({ ...call, path: '/v1/../v2' })).rejects.toMatchObject({
      code: 'origin_not_allowed',
    });
  });

  it('is refused for a setting that is no origin', () => {
    expect(() => oauthInterceptor(desk, { origin: 'api.example.com' })).toThrow('origin');
  });
});

describe('a refused token', () => {
  beforeEach(renewing);

  it('is replaced under the retry interceptor, once in all', async () => {
    api.goodTokens.clear();
    const options: RetryHandler.RetryOptions = { statusCodes: [401], minTimeout: 1, maxRetries: 2 };
    const answer = await get(api.origin, agentWith(interceptors.retry(options))).catch(
      (error: unknown) => error as { statusCode: number },
    );
    expect(answer.statusCode).toBe(401);
    // Two of ours, two of the interceptor.
    expect(api.calls).toHaveLength(4);
    expect(desk.refused).toEqual(['token-1']);
  });

  it('is replaced after a failure that was retried', async () => {
    api.answer = (_call, response) => {
      api.answer = undefined;
      sendJson(response, 503, {});
    };
    const dispatcher = agentWith(interceptors.retry({ minTimeout: 1 }));
    const answer = await get(api.origin, dispatcher);
    expect([answer.statusCode, attemptsOf(answer)]).toEqual([200, 2]);
  });

  it('is replaced while the first answer has no end', async () => {
    const cut = new Promise<void>((resolve) => {
      api.answer = (_call, response) => {
        api.answer = undefined;
        response.once('close', resolve).writeHead(401);
        response.write(Buffer.alloc(1_000_000));
      };
    });
    expect((await get(api.origin, agentWith())).statusCode).toBe(200);
    await cut;
  });

  it('is not replaced for a caller who has gone', async () => {
    const controller = new AbortController();
    desk.next = () => {
      controller.abort(new Error('enough'));
      return Promise.resolve('token-2');
    };
    const call = get(api.origin, agentWith(), { signal: controller.signal });
    await expect(call).rejects.toThrow('enough');
    // The token is there for the next call, which is the only one to follow.
    expect((await get(api.origin, agentWith())).statusCode).toBe(200);
    expect(api.bearers).toEqual(['Bearer token-1', 'Bearer token-2']);
  });

  it('leaves a long answer to a reader that takes its time', async () => {
    desk.next = () => Promise.resolve('token-1');
    api.answer = (_call, response) => {
      response.writeHead(401).end(Buffer.alloc(3_000_000, 'x'));
    };
    const { statusCode, body } = await get(api.origin, agentWith());
    let length = 0;
    for await (const chunk of body) {
      length += (chunk as Buffer).byteLength;
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect([statusCode, length]).toEqual([401, 3_000_000]);
  });

  it('keeps the connections over short answers', async () => {
    const dispatcher = agentWith();
    let connections = 0;
    open[0]?.on('connect', () => {
      connections += 1;
    });
    for (let call = 0; call < 3; call += 1) {
      desk.token = 'token-1';
      const { body } = await get(api.origin, dispatcher);
      await body.dump();
    }
    expect(api.calls).toHaveLength(6);
    // One for the first answer, one for the other that did not wait for its end.
    expect(connections).toBeLessThanOrEqual(2);
  });

  it.each([
    ['replaced', 'token-2', '"ok":true'],
    ['left as it is', 'token-1', '"error":"invalid_token"'],
  ])('is %s for a handler that never asks for more', async (_name, next, text) => {
    desk.next = () => Promise.resolve(next);
    const chunks: Buffer[] = [];
    const sink = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        chunks.push(chunk);
        done();
      },
    });
    await agentWith().stream({ origin: api.origin, path: '/', method: 'GET' }, () => sink);
    expect(Buffer.concat(chunks).toString()).toContain(text);
  });

  it('is told as the end of the grant, and nothing hangs', async () => {
    const dead = new ReauthorizationRequiredError({ registrationId: 'desk', reason: 'gone' });
    desk.next = () => Promise.reject(dead);
    await expect(get(api.origin, agentWith())).rejects.toBe(dead);
  });

  it('tells of a body that was spent', async () => {
    const body = new ReadableStream({
      start: (controller) => {
        controller.enqueue(Buffer.from('a'));
        controller.close();
      },
    });
    const answer = await get(api.origin, agentWith(), { method: 'POST', body });
    expect([answer.statusCode, isRetryable(answer)]).toEqual([401, false]);
  });
});

it('says so where undici is too old', () => {
  const old = { onConnect: () => undefined } as unknown as DispatchHandler;
  const inner: Dispatch = () => true;
  const dispatch = oauthInterceptor(desk)(inner);
  expect(() => dispatch({ origin: api.origin, path: '/' }, old)).toThrow('undici 7');
});

it('does not send again what has failed while its token was renewed', async () => {
  let dispatched = 0;
  const controller = {
    aborted: false,
    paused: false,
    abort: () => undefined,
    pause: () => undefined,
    resume: () => undefined,
  };
  const inner: Dispatch = (_options, handler) => {
    dispatched += 1;
    handler.onRequestStart?.(controller, null);
    handler.onResponseStart?.(controller, 401, {});
    handler.onResponseError?.(controller, new Error('cut off'));
    return true;
  };
  const renewed = new Promise<void>((resolve) => {
    desk.next = () => {
      resolve();
      return Promise.resolve('token-2');
    };
  });
  const errors: string[] = [];
  const handler: DispatchHandler = {
    onRequestStart: () => undefined,
    onResponseError: (_controller, { message }) => errors.push(message),
  };
  oauthInterceptor(desk)(inner)({ origin: api.origin, path: '/' }, handler);
  await renewed;
  await new Promise((resolve) => setImmediate(resolve));
  expect([dispatched, errors]).toEqual([1, ['cut off']]);
});

it('tells the handler of a dispatch that throws', async () => {
  const failing: Dispatch = () => {
    throw new Error('not today');
  };
  const told = new Promise<Error>((resolve) => {
    const handler: DispatchHandler = {
      onRequestStart: () => undefined,
      onResponseError: (_controller, error) => {
        resolve(error);
      },
    };
    oauthInterceptor(desk)(failing)({ origin: api.origin, path: '/' }, handler);
  });
  expect((await told).message).toBe('not today');
});

it('errors hold no credential', async () => {
  desk = new TokenDesk([api.origin, 'http://127.0.0.1:1'], 'canary-1');
  desk.extra = { 'x-api-key': 'canary-2' };
  api.answer = (_call, response) => {
    response.destroy();
  };
  for (const url of ['http://127.0.0.1:1/', `${api.origin}/reset`, other.origin]) {
    const error: unknown = await get(url, agentWith()).catch((thrown: unknown) => thrown);
    expect(error).toHaveProperty('stack');
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('canary');
  }
});
