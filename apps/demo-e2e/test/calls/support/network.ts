import { readFileSync } from 'node:fs';
import {
  Agent as HttpAgent,
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { Agent as HttpsAgent, createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { Agent, buildConnector } from 'undici';

const PEM = readFileSync(
  new URL('../../../../../packages/core/src/transport/fixtures/localhost.pem', import.meta.url),
);

/** A call as a server saw it. */
export interface SeenCall {
  readonly method: string;
  readonly path: string;
  readonly host: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** A server that remembers what it was asked, over plain connections and over TLS. */
export class Place {
  calls: SeenCall[] = [];
  answer: (call: SeenCall, response: ServerResponse) => void = (_call, response) => {
    response.end();
  };
  readonly #servers: Server[] = [];
  readonly #sockets = new Set<Socket>();

  get bearers(): (string | undefined)[] {
    return this.calls.map(({ headers }) => headers.authorization);
  }

  /** How often a text has arrived in a header or in a URL. */
  saw(secret: string): number {
    return this.calls.filter(({ headers, path }) =>
      `${path}${JSON.stringify(headers)}`.includes(secret),
    ).length;
  }

  async start(): Promise<void> {
    const handle = (request: IncomingMessage, response: ServerResponse): void => {
      void this.#handle(request, response);
    };
    this.#servers.push(createServer(handle), createTlsServer({ key: PEM, cert: PEM }, handle));
    for (const server of this.#servers) {
      server.on('connection', (socket: Socket) => {
        this.#sockets.add(socket.once('close', () => this.#sockets.delete(socket)));
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    }
  }

  /** The port of its plain or its TLS side. */
  port(secure: boolean): number {
    return (this.#servers[secure ? 1 : 0]?.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    for (const server of this.#servers) {
      const closed = new Promise((resolve) => server.close(resolve));
      // Those of TLS linger where their client has cut them off.
      for (const socket of this.#sockets) socket.destroy();
      await closed;
    }
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer);
    } catch {
      return;
    }
    const { method = '', url: path = '', headers } = request;
    const call = { method, path, host: headers.host ?? '', headers, body: Buffer.concat(chunks) };
    this.calls.push(call);
    this.answer(call, response);
  }
}

/**
 * A network of two places: the API at the origins that are told, and a stranger at every other host and port there is.
 */
export class Network {
  readonly api = new Place();
  readonly stranger = new Place();
  readonly httpAgent = new HttpAgent({ keepAlive: true });
  readonly httpsAgent = new HttpsAgent({ keepAlive: true });
  readonly agent = new Agent({
    connect: (options: buildConnector.Options, callback: buildConnector.Callback) => {
      const { protocol, hostname } = options;
      const port = options.port || (protocol === 'https:' ? '443' : '80');
      const socket = this.#connect(protocol === 'https:', hostname, port);
      const ready = protocol === 'https:' ? 'secureConnect' : 'connect';
      socket.once(ready, () => {
        callback(null, socket);
      });
      socket.once('error', (error) => {
        callback(error, null);
      });
      return socket;
    },
  });

  constructor(private readonly apiOrigins: readonly string[]) {
    const agents: [HttpAgent, boolean][] = [
      [this.httpAgent, false],
      [this.httpsAgent, true],
    ];
    for (const [agent, secure] of agents) {
      agent.createConnection = ({ host, port }): Duplex =>
        this.#connect(secure, host ?? '', String(port));
    }
  }

  async start(): Promise<void> {
    await Promise.all([this.api.start(), this.stranger.start()]);
  }

  async stop(): Promise<void> {
    this.httpAgent.destroy();
    this.httpsAgent.destroy();
    await this.agent.destroy();
    await Promise.all([this.api.stop(), this.stranger.stop()]);
  }

  #connect(secure: boolean, host: string, port: string): Socket {
    const origin = new URL(`${secure ? 'https' : 'http'}://${host}:${port}`).origin;
    const place = this.apiOrigins.includes(origin) ? this.api : this.stranger;
    const target = { host: '127.0.0.1', port: place.port(secure) };
    const socket = secure ? connectTls({ ...target, rejectUnauthorized: false }) : connect(target);
    return socket.setNoDelay(true);
  }
}
