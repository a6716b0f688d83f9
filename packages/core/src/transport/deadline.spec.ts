import { setTimeout as delay } from 'node:timers/promises';
import { answer, type RawServer, rawServer, threadServer } from '../../test/raw-server.js';
import type { TransportResult } from './token-endpoint-transport.js';
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

async function send(origin: string, timeoutMs: number): Promise<TransportResult & { ms: number }> {
  const start = performance.now();
  const url = `${origin}/canary-path`;
  const request = { method: 'POST', url, headers: {}, body: 'canary', secrets: [] } as const;
  const result = await transport.send(request, { timeoutMs });
  if (result.kind !== 'response') expect(JSON.stringify(result)).not.toContain('canary');
  return { ...result, ms: performance.now() - start };
}

const HEAD = 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n';

describe('the deadline', () => {
  it('ends the wait for a server that says nothing', async () => {
    const server = await raw();
    const result = await send(server.origin, 150);
    expect(result).toMatchObject({ kind: 'ambiguous', code: 'timeout' });
    expect(result.ms).toBeGreaterThan(140);
    expect(result.ms).toBeLessThan(1000);
    expect(server.requests).toBe(1);
  });

  it('leaves no request behind that is answered later, and the next one is free', async () => {
    const server = await raw((socket, _received, connection) => {
      if (connection > 0) socket.write(answer('{"second":true}'));
      else setTimeout(() => socket.write(answer('{"first":true}')), 150);
    });
    expect(await send(server.origin, 100)).toMatchObject({ code: 'timeout' });
    const next = await send(server.origin, 500);
    expect(next).toMatchObject({ response: { body: '{"second":true}' } });
    expect(server.requests).toBe(2);
  });

  it('ends the wait for a connection, and nothing is sent when it comes later', async () => {
    // The handshake is never answered.
    const server = await raw();
    const result = await send(`https://127.0.0.1:${server.port}`, 150);
    expect(result).toMatchObject({ kind: 'notSent', code: 'connect_timeout' });
    expect(result.ms).toBeLessThan(1000);
  });

  it('fault 21: gives an answer that has begun the same time once more', async () => {
    const server = await raw((socket) => {
      socket.write(`${HEAD}{"a":`);
      setTimeout(() => socket.write('true}'), 200);
    });
    const result = await send(server.origin, 150);
    expect(result).toMatchObject({ kind: 'response', response: { body: '{"a":true}' } });
    expect(server.requests).toBe(1);
  });

  it('counts the first bytes of a head as a beginning', async () => {
    const server = await raw((socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-');
      setTimeout(() => socket.write('length: 2\r\n\r\n{}'), 200);
    });
    expect(await send(server.origin, 150)).toMatchObject({ response: { body: '{}' } });
  });

  it.each([
    ['body', HEAD],
    ['head', 'HTTP/1.1 200 OK\r\nx: '],
  ])('fault 21: ends a %s that drips, after twice the time', async (_part, start) => {
    const server = await raw((socket) => {
      socket.write(start);
      const timer = setInterval(() => socket.write('x'), 60);
      socket.on('close', () => {
        clearInterval(timer);
      });
    });
    const result = await send(server.origin, 150);
    expect(result).toMatchObject({ kind: 'ambiguous', code: 'timeout' });
    expect(result.ms).toBeGreaterThan(290);
    expect(result.ms).toBeLessThan(1500);
    expect(server.requests).toBe(1);
  });

  it('fault 10: does not lose an answer that came while the event loop was blocked', async () => {
    const server = await threadServer(150);
    cleanups.push(() => server.close());
    const sending = send(server.origin, 300);
    await delay(100);
    // From the phase after polling, so that the deadline's timer comes before the next poll.
    await new Promise((resolve) => setImmediate(resolve));
    const until = performance.now() + 400;
    while (performance.now() < until);
    expect(await sending).toMatchObject({ kind: 'response', response: { body: '{"late":true}' } });
  });

  it('is that of the clock which was handed in', async () => {
    const timers: { callback: () => void; delayMs: number }[] = [];
    transport = new UndiciTokenEndpointTransport({
      now: () => 0,
      monotonic: () => 0,
      setTimer(callback, delayMs) {
        timers.push({ callback, delayMs });
        return { cancel: () => undefined };
      },
    });
    const server = await raw();
    const sending = send(server.origin, 10_000);
    while (server.requests === 0) await delay(5);
    expect(timers.map(({ delayMs }) => delayMs)).toEqual([10_000]);
    timers[0]?.callback();
    expect(await sending).toMatchObject({ kind: 'ambiguous', code: 'timeout' });
  });
});
