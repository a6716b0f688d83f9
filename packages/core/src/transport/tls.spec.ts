import { readFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type ServerOptions } from 'node:https';
import { connect, type Socket } from 'node:net';
import { closed, listen } from '../../test/raw-server.js';
import type { TokenEndpointHttpOptions } from '../model/client-registration.js';
import type { TransportResult } from './token-endpoint-transport.js';
import { UndiciTokenEndpointTransport } from './undici-token-endpoint-transport.js';

const pem = (name: string): string =>
  readFileSync(new URL(`./fixtures/${name}.pem`, import.meta.url), 'utf8');
const LOCALHOST = pem('localhost');
const ELSEWHERE = pem('elsewhere');
const EXPIRED = pem('expired');

const cleanups: (() => Promise<void>)[] = [];
let transport: UndiciTokenEndpointTransport;
let requests = 0;
let handshakes = 0;

beforeEach(() => {
  requests = 0;
  handshakes = 0;
  transport = new UndiciTokenEndpointTransport();
});

afterEach(async () => {
  await transport.close();
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function tlsServer(identity: string, options: ServerOptions = {}): Promise<number> {
  const server = createServer(
    { key: identity, cert: identity, ...options },
    (_request, response) => {
      requests += 1;
      response.end('{"tls":true}');
    },
  );
  server.on('secureConnection', () => (handshakes += 1));
  server.on('tlsClientError', () => undefined);
  cleanups.push(() => closed(server));
  return listen(server);
}

/** A proxy that knows CONNECT alone; tells where it was asked to connect to, and as whom. */
async function proxyServer(): Promise<{ port: number; asked: string[] }> {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const server = createHttpServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.writeHead(500).end();
  });
  server.on('connect', (request, client: Socket) => {
    asked.push(`${request.url} ${request.headers['proxy-authorization']}`);
    const [host, port] = (request.url ?? '').split(':');
    const upstream = connect(Number(port), host, () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      client.pipe(upstream).pipe(client);
    });
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
    }
  });
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy();
    return closed(server);
  });
  return { port: await listen(server), asked };
}

async function send(
  origin: string,
  http: TokenEndpointHttpOptions | undefined,
): Promise<TransportResult> {
  const url = `${origin}/canary-path`;
  const request = { method: 'POST', url, headers: {}, body: 'canary', secrets: [] } as const;
  const result = await transport.send(request, {
    timeoutMs: 2000,
    ...(http === undefined ? {} : { http }),
  });
  if (result.kind !== 'response') expect(JSON.stringify(result)).not.toContain('canary');
  return result;
}

const OK = { kind: 'response', response: { status: 200, body: '{"tls":true}' } };

describe('TLS', () => {
  it('refuses a certificate of an unknown issuer, and says what to do', async () => {
    const port = await tlsServer(LOCALHOST);
    const result = await send(`https://localhost:${port}`, undefined);
    expect(result).toMatchObject({ kind: 'notSent', code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
    expect(result).toMatchObject({ message: expect.stringContaining('http.tls.ca') as string });
    expect(requests).toBe(0);
  });

  it('takes it when it is trusted, by name or by address', async () => {
    const port = await tlsServer(LOCALHOST);
    for (const ca of [LOCALHOST, [ELSEWHERE, LOCALHOST]]) {
      expect(await send(`https://localhost:${port}`, { tls: { ca } })).toMatchObject(OK);
      expect(await send(`https://127.0.0.1:${port}`, { tls: { ca } })).toMatchObject(OK);
    }
    expect(requests).toBe(4);
  });

  it('takes any certificate for the one registration that says so', async () => {
    const port = await tlsServer(LOCALHOST);
    const tls = { rejectUnauthorized: false };
    expect(await send(`https://localhost:${port}`, { tls })).toMatchObject(OK);
    expect(await send(`https://localhost:${port}`, {})).toMatchObject({ kind: 'notSent' });
    expect(requests).toBe(1);
  });

  it('refuses an expired certificate and one of another name', async () => {
    const expired = await tlsServer(EXPIRED);
    const elsewhere = await tlsServer(ELSEWHERE);
    expect(await send(`https://localhost:${expired}`, { tls: { ca: EXPIRED } })).toMatchObject({
      kind: 'notSent',
      code: 'CERT_HAS_EXPIRED',
    });
    expect(await send(`https://localhost:${elsewhere}`, { tls: { ca: ELSEWHERE } })).toMatchObject({
      kind: 'notSent',
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
    });
    expect(requests).toBe(0);
  });

  it('verifies the name that it is told to', async () => {
    const port = await tlsServer(ELSEWHERE);
    const tls = { ca: ELSEWHERE, servername: 'elsewhere.test' };
    expect(await send(`https://localhost:${port}`, { tls })).toMatchObject(OK);
  });

  it('shows a client certificate', async () => {
    const port = await tlsServer(LOCALHOST, {
      ca: ELSEWHERE,
      requestCert: true,
      rejectUnauthorized: true,
    });
    const ca = LOCALHOST;
    const mine = { ca, cert: ELSEWHERE, key: ELSEWHERE };
    expect(await send(`https://localhost:${port}`, { tls: mine })).toMatchObject(OK);
    expect(await send(`https://localhost:${port}`, { tls: { ca } })).not.toMatchObject(OK);
    expect(requests).toBe(1);
  });

  it('is 1.2 or later', async () => {
    const options = {
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    } as const;
    const port = await tlsServer(LOCALHOST, options);
    const result = await send(`https://localhost:${port}`, { tls: { ca: LOCALHOST } });
    expect(result).toMatchObject({ kind: 'notSent' });
    expect('code' in result && result.code).toMatch(/PROTO|SSL/);
    expect(requests).toBe(0);
  });

  it('tells settings that are no certificate', async () => {
    const port = await tlsServer(LOCALHOST);
    const tls = { ca: LOCALHOST, cert: 'canary', key: 'canary' };
    expect(await send(`https://localhost:${port}`, { tls })).toMatchObject({ kind: 'notSent' });
    expect(requests).toBe(0);
  });

  it('sends nothing over a connection that comes after the deadline', async () => {
    const deadlines: (() => void)[] = [];
    transport = new UndiciTokenEndpointTransport({
      now: () => 0,
      monotonic: () => 0,
      setTimer(callback) {
        deadlines.push(callback);
        return { cancel: () => undefined };
      },
    });
    let settle = (): void => undefined;
    const settled = new Promise<void>((resolve) => {
      settle = resolve;
    });
    const port = await tlsServer(LOCALHOST, {
      // In 1.3 the server would not learn whether the client saw the handshake's end.
      maxVersion: 'TLSv1.2',
      SNICallback: (_name, done) => {
        deadlines[0]?.();
        setTimeout(done, 30, null);
        setTimeout(settle, 90);
      },
    });
    const result = await send(`https://localhost:${port}`, { tls: { ca: LOCALHOST } });
    expect(result).toMatchObject({ kind: 'notSent', code: 'connect_timeout' });
    await settled;
    expect(handshakes).toBe(1);
    expect(requests).toBe(0);
  });

  it('does not talk to a server without it', async () => {
    const server = createHttpServer((_request, response) => {
      requests += 1;
      response.end('{}');
    });
    const port = await listen(server);
    cleanups.push(() => closed(server));
    expect(await send(`https://localhost:${port}`, undefined)).toMatchObject({ kind: 'notSent' });
    expect(requests).toBe(0);
  });
});

describe('a proxy that is configured', () => {
  it('carries a tunnel, and learns the host alone', async () => {
    const port = await tlsServer(LOCALHOST);
    const proxy = await proxyServer();
    const http = { proxy: `http://me:secret@127.0.0.1:${proxy.port}`, tls: { ca: LOCALHOST } };
    expect(await send(`https://localhost:${port}`, http)).toMatchObject(OK);
    const login = `Basic ${Buffer.from('me:secret').toString('base64')}`;
    expect(proxy.asked).toEqual([`localhost:${port} ${login}`]);
    expect(requests).toBe(1);
  });

  it('does not weaken the verification of the endpoint', async () => {
    const port = await tlsServer(LOCALHOST);
    const proxy = await proxyServer();
    const http = { proxy: `http://127.0.0.1:${proxy.port}` };
    expect(await send(`https://localhost:${port}`, http)).toMatchObject({ kind: 'notSent' });
    expect(requests).toBe(0);
  });

  it('is named when it cannot be reached, without its password', async () => {
    const { port } = await proxyServer();
    for (const cleanup of cleanups.splice(0)) await cleanup();
    const http = { proxy: `http://me:canary@127.0.0.1:${port}` };
    const result = await send('https://localhost:1', http);
    expect(result).toMatchObject({ kind: 'notSent', code: 'ECONNREFUSED' });
    expect(result).toMatchObject({ message: expect.stringContaining('proxy') as string });
  });
});
