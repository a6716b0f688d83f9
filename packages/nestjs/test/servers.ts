import { type ClientRegistration, defineProvider, passwordGrant } from '@oauth-token/core';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Secrets that may show up nowhere. */
export const SECRETS = {
  password: 'canary-password',
  client: 'canary-client',
  token: 'canary-token',
};

/** An authorization server and an API on 127.0.0.1 that knows which of its tokens are good. */
export class Servers {
  /** The bodies of the token requests. */
  readonly tokenRequests: URLSearchParams[] = [];
  /** The bearers that the API saw. */
  readonly bearers: (string | undefined)[] = [];
  readonly live = new Set<string>();
  lifetimeSeconds = 100;
  /** Answers token requests with this status in place of tokens. */
  failWith: { readonly status: number; readonly error: string } | undefined;
  /** Token requests wait for it. */
  gate: Promise<void> = Promise.resolve();
  readonly #servers: ReturnType<typeof createServer>[] = [];
  tokenEndpoint = '';
  api = '';
  #issued = 0;

  static async start(): Promise<Servers> {
    const servers = new Servers();
    servers.tokenEndpoint = `${await servers.#listen(servers.#token.bind(servers))}/token`;
    servers.api = await servers.#listen(servers.#call.bind(servers));
    return servers;
  }

  registration(overrides: Partial<ClientRegistration> = {}): ClientRegistration {
    return {
      registrationId: 'acme',
      provider: defineProvider({ name: 'plain', endpoints: { token: this.tokenEndpoint } }),
      clientId: 'client',
      clientSecret: SECRETS.client,
      grant: passwordGrant({ username: 'alice', password: SECRETS.password }),
      allowedOrigins: [this.api],
      ...overrides,
    };
  }

  /** Makes all access tokens bad, as the API sees it. */
  revoke(): void {
    this.live.clear();
  }

  /** Keeps token requests waiting until the answer is called. */
  hold(): () => void {
    let release = (): void => undefined;
    this.gate = new Promise((resolve) => {
      release = resolve;
    });
    return release;
  }

  async close(): Promise<void> {
    await Promise.all(
      this.#servers.map(
        (server) =>
          new Promise((resolve) => {
            server.close(resolve);
            server.closeAllConnections();
          }),
      ),
    );
  }

  async #listen(
    handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
  ): Promise<string> {
    const server = createServer((request, response) => {
      void handle(request, response);
    });
    this.#servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  async #token(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    this.tokenRequests.push(new URLSearchParams(body));
    await this.gate;
    response.setHeader('content-type', 'application/json');
    if (this.failWith !== undefined) {
      const { status, error } = this.failWith;
      response.writeHead(status).end(JSON.stringify({ error }));
      return;
    }
    this.#issued += 1;
    const accessToken = `${SECRETS.token}-${this.#issued}`;
    this.live.add(accessToken);
    const tokens = {
      access_token: accessToken,
      token_type: 'Bearer',
      expires_in: this.lifetimeSeconds,
      refresh_token: `${SECRETS.token}-refresh-${this.#issued}`,
    };
    response.end(JSON.stringify(tokens));
  }

  #call(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const bearer = request.headers.authorization;
    this.bearers.push(bearer);
    const good = this.live.has(bearer?.replace(/^Bearer /, '') ?? '');
    if (!good) response.setHeader('www-authenticate', 'Bearer error="invalid_token"');
    response.setHeader('content-type', 'application/json');
    response.writeHead(good ? 200 : 401).end(JSON.stringify({ path: request.url }));
    return Promise.resolve();
  }
}
