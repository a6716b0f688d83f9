import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { Worker } from 'node:worker_threads';

/** A server of bare sockets that counts what reaches it. */
export interface RawServer {
  readonly origin: string;
  readonly port: number;
  readonly connections: number;
  /** Bytes that arrived, over all connections. */
  readonly received: string;
  /** Requests that arrived, by their request lines. */
  readonly requests: number;
  close(): Promise<void>;
}

type OnData = (socket: Socket, received: string, connection: number) => void;

/** Starts a server of bare sockets; `onData` is called at each piece with all that its connection has sent so far. */
export async function rawServer(onData: OnData = () => undefined): Promise<RawServer> {
  const received: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    const connection = received.push('') - 1;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      const soFar = `${received[connection] ?? ''}${chunk.toString('latin1')}`;
      received[connection] = soFar;
      onData(socket, soFar, connection);
    });
  });
  const port = await listen(server);
  return {
    origin: `http://127.0.0.1:${port}`,
    port,
    get connections() {
      return received.length;
    },
    get received() {
      return received.join('');
    },
    get requests() {
      return received.join('').match(/ HTTP\/1\.1\r\n/g)?.length ?? 0;
    },
    close: () => {
      for (const socket of sockets) socket.destroy();
      return closed(server);
    },
  };
}

/** Listens on a free port of 127.0.0.1. */
export async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not a TCP address');
  return address.port;
}

/** Ends a server with all its connections. */
export async function closed(server: Server): Promise<void> {
  if ('closeAllConnections' in server) (server.closeAllConnections as () => void)();
  if (!server.listening) return;
  server.close();
  await once(server, 'close');
}

/** An HTTP answer with its length. */
export function answer(body: string, headers = '', status = '200 OK'): string {
  return `HTTP/1.1 ${status}\r\n${headers}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

/** A server in a thread of its own, which answers while this thread's event loop is blocked. */
export async function threadServer(
  delayMs: number,
): Promise<{ origin: string; close(): Promise<void> }> {
  const worker = new Worker(
    `const { createServer } = require('node:http');
     const { parentPort } = require('node:worker_threads');
     const server = createServer((request, response) => {
       request.resume();
       request.on('end', () => setTimeout(() => response.end('{"late":true}'), ${delayMs}));
     });
     server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));`,
    { eval: true },
  );
  const [port] = (await once(worker, 'message')) as [number];
  return {
    origin: `http://127.0.0.1:${port}`,
    close: async () => {
      await worker.terminate();
    },
  };
}
