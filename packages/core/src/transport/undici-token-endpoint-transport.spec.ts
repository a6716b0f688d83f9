import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { answer, closed, listen, type RawServer, rawServer } from '../../test/raw-server.js';
import type { TokenHttpRequest } from '../provider/provider-adapter.js';
import { systemClock } from '../timing/clock.js';
import type { SendOptions, TransportResult } from './token-endpoint-transport.js';
import { UndiciTokenEndpointTransport } from './undici-token-endpoint-transport.js';

const cleanups: (() => Promise<void>)[] = [];
let transport: UndiciTokenEndpointTransport;

beforeEach(() => {
  transport = new UndiciTokenEndpointTransport();
});

afterEach(async () => {
  await transport.close();
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function raw(...args: Parameters<typeof rawServer>): Promise<RawServer> {
  const server = await rawServer(...args);
  cleanups.push(() => server.close());
  return server;
}

async function http(handler: (request: IncomingMessage, response: ServerResponse) => void) {
  const server = createServer(handler);
  const port = await listen(server);
  cleanups.push(() => closed(server));
  return `http://127.0.0.1:${port}`;
}

function tokenRequest(origin: string, parts: Partial<TokenHttpRequest> = {}): TokenHttpRequest {
  return {
    method: 'POST',
    url: `${origin}/canary-path/token?q=canary-query`,
    headers: { authorization: 'Basic canary-basic' },
    body: 'grant_type=refresh_token&refresh_token=canary-refresh',
    secrets: ['canary-refresh'],
    ...parts,
  };
}

/** Sends a request full of secrets and checks that a failure tells none of them. */
async function send(
  origin: string,
  parts: Partial<TokenHttpRequest> = {},
  options: Partial<SendOptions> = {},
): Promise<TransportResult> {
  const result = await transport.send(tokenRequest(origin, parts), { timeoutMs: 2000, ...options });
  if (result.kind !== 'response') expect(JSON.stringify(result)).not.toContain('canary');
  return result;
}

const ok = (body: string): object => ({ kind: 'response', response: { status: 200, body } });

describe('an answer', () => {
  it('comes back with status, headers and text', async () => {
    const seen: { head: IncomingMessage; body: string }[] = [];
    const origin = await http((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        seen.push({ head: request, body });
        response.setHeader('X-Many', ['a', 'b']);
        response.setHeader('Set-Cookie', ['c=1', 'd=2']);
        response.writeHead(400).end('{"error":"é"}');
      });
    });
    const result = await send(origin);
    expect(result).toMatchObject({
      kind: 'response',
      response: {
        status: 400,
        body: '{"error":"é"}',
        headers: { 'x-many': 'a, b', 'set-cookie': 'c=1, d=2' },
      },
    });
    expect(seen).toHaveLength(1);
    expect(seen[0]?.body).toBe('grant_type=refresh_token&refresh_token=canary-refresh');
    expect(seen[0]?.head.url).toBe('/canary-path/token?q=canary-query');
    expect(seen[0]?.head.headers).toMatchObject({
      authorization: 'Basic canary-basic',
      'accept-encoding': 'identity',
      'content-length': '53',
    });
    expect(seen[0]?.head.headers['transfer-encoding']).toBeUndefined();
  });

  it('is read for a GET, and for a POST without a body', async () => {
    const origin = await http((request, response) => response.end(request.method));
    expect(await send(origin, { method: 'GET', body: undefined } as never)).toMatchObject(
      ok('GET'),
    );
    expect(await send(origin, { body: '' })).toMatchObject(ok('POST'));
  });

  it('is read without the byte order mark, in pieces, and to the end of the connection', async () => {
    const server = await raw((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n');
      const bytes = Buffer.from('\ufeff{"é":1}');
      for (const byte of bytes) socket.write(Buffer.of(byte));
      socket.end();
    });
    expect(await send(server.origin)).toMatchObject(ok('{"é":1}'));
  });

  it('may come after informational ones', async () => {
    const server = await raw((socket) => {
      socket.write(`HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n${answer('{}')}`);
    });
    expect(await send(server.origin)).toMatchObject(ok('{}'));
  });

  it.each([301, 302, 303, 307, 308])('fault 24: %i is not followed', async (status) => {
    const elsewhere = await raw();
    let requests = 0;
    const origin = await http((_request, response) => {
      requests += 1;
      response.writeHead(status, { location: elsewhere.origin }).end();
    });
    const result = await send(origin);
    expect(result).toMatchObject({
      kind: 'response',
      response: { status, headers: { location: elsewhere.origin } },
    });
    expect(requests).toBe(1);
    expect(elsewhere.connections).toBe(0);
  });

  it.each([
    ['gzip', gzipSync('{"a":1}')],
    ['x-gzip', gzipSync('{"a":1}')],
    ['br', brotliCompressSync('{"a":1}')],
    ['deflate', deflateSync('{"a":1}')],
    ['deflate', deflateRawSync('{"a":1}')],
    ['gzip, BR', brotliCompressSync(gzipSync('{"a":1}'))],
    ['identity', Buffer.from('{"a":1}')],
  ])('is decompressed (%s)', async (encoding, body) => {
    const origin = await http((_request, response) => {
      response.writeHead(200, { 'content-encoding': encoding }).end(body);
    });
    expect(await send(origin)).toMatchObject(ok('{"a":1}'));
  });

  it('leaves accept-encoding to the request where it names one', async () => {
    const origin = await http((request, response) => {
      response.end(request.headers['accept-encoding']);
    });
    expect(await send(origin, { headers: { 'accept-encoding': 'gzip' } })).toMatchObject(
      ok('gzip'),
    );
  });
});

describe('limits', () => {
  it('end an answer of 64 MB', async () => {
    let written = 0;
    let requests = 0;
    const origin = await http((_request, response) => {
      requests += 1;
      const piece = Buffer.alloc(1024 * 1024, 'x');
      const more = (): void => {
        while (written < 64 && !response.destroyed) {
          written += 1;
          if (!response.write(piece)) {
            response.once('drain', more);
            return;
          }
        }
        response.end();
      };
      more();
    });
    expect(await send(origin)).toMatchObject({ kind: 'ambiguous', code: 'answer_too_large' });
    expect(written).toBeLessThan(64);
    expect(requests).toBe(1);
  });

  it.each(['gzip', 'deflate', 'br'])('end a bomb of %s', async (encoding) => {
    const zeros = Buffer.alloc(16 * 1024 * 1024);
    const compress = { gzip: gzipSync, deflate: deflateSync, br: brotliCompressSync }[encoding];
    const origin = await http((_request, response) => {
      response.writeHead(200, { 'content-encoding': encoding }).end(compress?.(zeros));
    });
    expect(await send(origin)).toMatchObject({ kind: 'ambiguous', code: 'answer_too_large' });
  });

  it('let 64 KiB through, compressed or not', async () => {
    const body = 'x'.repeat(64 * 1024);
    const plain = await http((_request, response) => response.end(body));
    const gzip = await http((_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(body));
    });
    expect(await send(plain)).toMatchObject(ok(body));
    expect(await send(gzip)).toMatchObject(ok(body));
  });

  it.each([
    ['gzip', Buffer.from('canary, not gzip')],
    ['gzip', gzipSync('{"a":1}').subarray(0, -4)],
    ['compress', Buffer.from('canary')],
    ['gzip, gzip, gzip, gzip', Buffer.from('canary')],
  ])('refuse what cannot be decompressed (%s)', async (encoding, body) => {
    const origin = await http((_request, response) => {
      response.writeHead(200, { 'content-encoding': encoding }).end(body);
    });
    expect(await send(origin)).toMatchObject({ kind: 'ambiguous', code: 'undecodable_answer' });
  });

  it('end a head that is too long', async () => {
    const server = await raw((socket) => {
      socket.write(answer('{}', `x-long: ${'x'.repeat(20_000)}\r\n`));
    });
    const expected = { kind: 'ambiguous', code: 'UND_ERR_HEADERS_OVERFLOW' };
    expect(await send(server.origin)).toMatchObject(expected);
    expect(server.requests).toBe(1);
  });
});

describe('a request that was not sent', () => {
  it('is one that is refused', async () => {
    const server = await rawServer();
    await server.close();
    const result = await send(server.origin);
    expect(result).toMatchObject({ kind: 'notSent', code: 'ECONNREFUSED' });
    expect(result).toMatchObject({ message: expect.stringContaining(server.origin) as string });
  });

  it('is one whose host has no address', async () => {
    const result = await send('https://nonexistent.invalid');
    expect(result).toMatchObject({ kind: 'notSent' });
    expect(['ENOTFOUND', 'EAI_AGAIN']).toContain('code' in result && result.code);
  });

  it.each([
    'http://example.com',
    'http://127.0.0.1.example.com',
    'http://localhost.example.com',
    'http://10.0.0.1',
    'http://[::2]',
    'ftp://127.0.0.1',
  ])('is one to %s', async (origin) => {
    expect(await send(origin)).toMatchObject({ kind: 'notSent', code: 'insecure_endpoint' });
  });

  it('is one that cannot be written', async () => {
    const server = await raw();
    expect(await send('canary')).toMatchObject({ kind: 'notSent', code: 'invalid_endpoint' });
    const headers = { 'x-broken': 'canary\r\nx: y' };
    const broken = await send(server.origin, { headers });
    expect(broken).toMatchObject({ kind: 'notSent', code: 'UND_ERR_INVALID_ARG' });
    const http = { proxy: 'canary' };
    const noProxy = await send(server.origin, {}, { http });
    expect(noProxy).toMatchObject({ kind: 'notSent', code: 'invalid_http_options' });
    expect(server.connections).toBe(0);
  });

  it.each(['POST', 'GET'] as const)('is a %s that may not be sent any more', async (method) => {
    const server = await raw((socket) => socket.write(answer('{}')));
    const body = method === 'POST' ? { body: 'canary' } : {};
    const result = await send(server.origin, { method, ...body }, { maySend: () => false });
    expect(result).toMatchObject({ kind: 'notSent', code: 'lease_expired' });
    await delay(20);
    expect(server.connections).toBe(1);
    expect(server.received).toBe('');
  });

  it('is one that may not be sent on a connection that was kept', async () => {
    const server = await raw((socket) => socket.write(answer('{}')));
    await send(server.origin);
    await delay(10);
    const before = server.received;
    const result = await send(server.origin, {}, { maySend: () => false });
    expect(result).toMatchObject({ kind: 'notSent', code: 'lease_expired' });
    await delay(20);
    expect(server.connections).toBe(1);
    expect(server.received).toBe(before);
  });

  it('is one whose permission cannot be asked', async () => {
    const server = await raw();
    const maySend = (): boolean => {
      throw new Error('canary');
    };
    expect(await send(server.origin, {}, { maySend })).toMatchObject({ kind: 'notSent' });
    await delay(20);
    expect(server.received).toBe('');
  });

  it('asks for permission once, on a connection that stands', async () => {
    const server = await raw((socket) => socket.write(answer('{}')));
    const receivedBefore: string[] = [];
    const maySend = (): boolean => {
      receivedBefore.push(server.received);
      return true;
    };
    expect(await send(server.origin, {}, { maySend })).toMatchObject(ok('{}'));
    expect(receivedBefore).toEqual(['']);
    expect(server.connections).toBe(1);
  });
});

describe('a request that may have been acted upon', () => {
  it('is one whose connection is reset', async () => {
    const server = await raw((socket) => socket.resetAndDestroy());
    expect(await send(server.origin)).toMatchObject({ kind: 'ambiguous', code: 'ECONNRESET' });
    expect(server.requests).toBe(1);
  });

  it('is one whose connection is closed without an answer, also a GET', async () => {
    const server = await raw((socket) => socket.end());
    const expected = { kind: 'ambiguous', code: 'UND_ERR_SOCKET' };
    expect(await send(server.origin)).toMatchObject(expected);
    expect(await send(server.origin, { method: 'GET', body: undefined } as never)).toMatchObject(
      expected,
    );
    expect(server.requests).toBe(2);
  });

  it('is one that is answered with something else than HTTP', async () => {
    const server = await raw((socket) => socket.end('canary\r\n\r\n'));
    const result = await send(server.origin);
    expect(result).toMatchObject({ kind: 'ambiguous' });
    expect(server.requests).toBe(1);
  });

  it.each([
    ['its length', `HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n{"access_token":"canary`],
    ['its last chunk', `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{"acc\r\n`],
  ])('is one whose answer ends before %s', async (_what, text) => {
    for (const end of ['end', 'resetAndDestroy'] as const) {
      const server = await raw((socket) =>
        socket.write(text, () => setTimeout(() => socket[end](), 20)),
      );
      const expected = { kind: 'ambiguous', code: 'truncated_answer' };
      expect(await send(server.origin)).toMatchObject(expected);
      expect(server.requests).toBe(1);
    }
  });
});

describe('connections', () => {
  const echo: Parameters<typeof rawServer>[0] = (socket) => socket.write(answer('{}'));

  it('are used again at once, and not after a second', async () => {
    const server = await raw(echo);
    await send(server.origin);
    await delay(10);
    await send(server.origin);
    expect(server.connections).toBe(1);
    await delay(1200);
    await send(server.origin);
    expect(server.connections).toBe(2);
    expect(server.requests).toBe(3);
  });

  it('are not used again after a second while others are busy, whatever the server offers', async () => {
    const offers = ['', 'connection: keep-alive\r\nkeep-alive: timeout=60\r\n'];
    const used = offers.map(async (offer) => {
      let release = (): void => undefined;
      const server = await raw((socket, _received, connection) => {
        if (connection > 0) socket.write(answer('{}', offer));
        else release = () => socket.write(answer('{}'));
      });
      const busy = send(server.origin);
      await delay(20);
      await send(server.origin);
      await delay(1200);
      await send(server.origin);
      release();
      await busy;
      return server.connections;
    });
    expect(await Promise.all(used)).toEqual([3, 3]);
  });

  it('are not used again when a blocked event loop held their timers up', async () => {
    let skipped = 0;
    const clock = { ...systemClock, monotonic: () => systemClock.monotonic() + skipped };
    transport = new UndiciTokenEndpointTransport(clock);
    const server = await raw(echo);
    await send(server.origin);
    await delay(10);
    skipped = 1001;
    await send(server.origin);
    expect(server.connections).toBe(2);
  });

  it('are replaced before anything is sent when the server has closed them', async () => {
    const server = await raw((socket) => {
      socket.write(answer('{}'), () => setTimeout(() => socket.destroy(), 10));
    });
    expect(await send(server.origin)).toMatchObject(ok('{}'));
    await delay(30);
    expect(await send(server.origin)).toMatchObject(ok('{}'));
    expect(server.requests).toBe(2);
  });

  it('fault 22: that die under a second request leave it ambiguous, and it is not repeated', async () => {
    const server = await raw((socket, received) => {
      const second = received.split(' HTTP/1.1\r\n').length > 2;
      if (second) socket.resetAndDestroy();
      else socket.write(answer('{}'));
    });
    expect(await send(server.origin)).toMatchObject(ok('{}'));
    await delay(10);
    expect(await send(server.origin)).toMatchObject({ kind: 'ambiguous', code: 'ECONNRESET' });
    await delay(20);
    expect(server.connections).toBe(1);
    expect(server.requests).toBe(2);
  });

  it('carry one request at a time, side by side', async () => {
    const waiting: (() => void)[] = [];
    const origin = await http((_request, response) => {
      waiting.push(() => response.end('{}'));
      if (waiting.length === 5) for (const respond of waiting) respond();
    });
    const results = await Promise.all(Array.from({ length: 5 }, () => send(origin)));
    expect(results.every(({ kind }) => kind === 'response')).toBe(true);
  });

  it('do not go through a proxy of the environment', async () => {
    const canary = await raw();
    const server = await raw(echo);
    const names = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'http_proxy', 'https_proxy'];
    const before = names.map((name) => [name, process.env[name]] as const);
    for (const name of names) process.env[name] = canary.origin;
    process.env['NODE_USE_ENV_PROXY'] = '1';
    try {
      expect(await send(server.origin)).toMatchObject(ok('{}'));
    } finally {
      delete process.env['NODE_USE_ENV_PROXY'];
      for (const [name, value] of before) {
        if (value === undefined) Reflect.deleteProperty(process.env, name);
        else process.env[name] = value;
      }
    }
    expect(canary.connections).toBe(0);
  });
});

describe('close', () => {
  it('waits for what is under way and refuses what comes after', async () => {
    let respond = (): void => undefined;
    const arrived = new Promise<void>((resolve) => {
      respond = resolve;
    });
    let release = (): void => undefined;
    const origin = await http((_request, response) => {
      release = () => response.end('{}');
      respond();
    });
    const sending = send(origin);
    await arrived;
    const closing = transport.close();
    expect(await send(origin)).toMatchObject({ kind: 'notSent', code: 'transport_closed' });
    release();
    expect(await sending).toMatchObject(ok('{}'));
    await closing;
    await transport.close();
  });

  it('leaves no connection open', async () => {
    let open = 0;
    const server = createServer((_request, response) => response.end('{}'));
    server.on('connection', (socket) => {
      open += 1;
      socket.on('close', () => (open -= 1));
    });
    const port = await listen(server);
    cleanups.push(() => closed(server));
    await send(`http://127.0.0.1:${port}`);
    expect(open).toBe(1);
    await transport.close();
    await delay(20);
    expect(open).toBe(0);
  });
});
