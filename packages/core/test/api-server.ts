import { readFileSync } from 'node:fs';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';

/** A call as an API saw it. */
export interface SeenCall {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Answers a call; without one the API judges the bearer. */
export type Answer = (call: SeenCall, response: ServerResponse) => void;

/** A protected API on 127.0.0.1 that knows which bearers are good and remembers what it was asked. */
export class ApiServer {
  readonly calls: SeenCall[] = [];
  readonly goodTokens = new Set<string>();
  answer: Answer | undefined;
  origin = '';
  #close: () => Promise<void> = () => Promise.resolve();

  static async start(options: { tls?: boolean } = {}): Promise<ApiServer> {
    const api = new ApiServer();
    await api.#listen(options.tls === true);
    return api;
  }

  get bearers(): (string | undefined)[] {
    return this.calls.map((call) => call.headers.authorization);
  }

  close(): Promise<void> {
    return this.#close();
  }

  async #listen(tls: boolean): Promise<void> {
    const handle = (request: IncomingMessage, response: ServerResponse): void => {
      void this.#handle(request, response);
    };
    const pem = tls
      ? readFileSync(new URL('../src/transport/fixtures/localhost.pem', import.meta.url))
      : '';
    const server = tls ? createTlsServer({ key: pem, cert: pem }, handle) : createServer(handle);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    this.origin = `${tls ? 'https' : 'http'}://127.0.0.1:${port}`;
    this.#close = () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      });
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const call: SeenCall = {
      method: request.method ?? '',
      path: request.url ?? '',
      headers: request.headers,
      body: Buffer.concat(chunks).toString(),
    };
    this.calls.push(call);
    if (this.answer !== undefined) {
      this.answer(call, response);
      return;
    }
    const token = request.headers.authorization?.replace(/^Bearer /, '') ?? '';
    if (this.goodTokens.has(token)) sendJson(response, 200, { ok: true, body: call.body });
    else sendJson(response, 401, { error: 'invalid_token' });
  }
}

/** Answers in JSON. */
export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  if (status === 401) headers['www-authenticate'] = 'Bearer error="invalid_token"';
  response.writeHead(status, headers).end(JSON.stringify(body));
}
