import { HttpService } from '@nestjs/axios';
import { ConsoleLogger } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  attachOAuth,
  type ClientRegistration,
  passwordGrant,
  refreshTokenGrant,
  type TokenEventMap,
  TokenManager,
} from '@oauth-token/core';
import { getOAuthHttpToken, OAuthTokenModule } from '@oauth-token/nestjs';
import { oidc } from '@oauth-token/providers';
import axios, { type AxiosInstance, isAxiosError } from 'axios';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { canary, everythingOf, holdsCanary } from './support/canary.js';
import { bodyOf, type HttpServer, listen } from './support/http-server.js';

/** How the token endpoint answers now. Every refusal repeats all that it was sent, and the access token that lives. */
type Mode = 'grant' | 'refuse' | 'misconfigured' | 'fail' | 'page' | 'garble' | 'reset';

const EVENTS: readonly (keyof TokenEventMap)[] = [
  'acquired',
  'refreshed',
  'rotated',
  'refreshFailed',
  'reauthorizationRequired',
  'staleServed',
  'retriedAfter401',
  'lockContended',
  'orphanFound',
];

/** A token endpoint and an API; secrets go in and, with refusals, come out of it. */
class Indiscreet {
  mode: Mode = 'grant';
  apiStatus = 200;
  /** How many requests carried canaries here. */
  seen = 0;
  readonly accessTokens: string[] = [];
  #server: HttpServer | undefined;

  get url(): string {
    return this.#server?.url ?? '';
  }

  async start(): Promise<void> {
    this.#server = await listen((request, response) => {
      void bodyOf(request).then((body) => {
        if (holdsCanary(body + (request.headers.authorization ?? ''))) this.seen += 1;
        if (request.url === '/token') this.#token(request, response, body);
        else if (this.apiStatus === 0) request.socket.resetAndDestroy();
        else response.writeHead(this.apiStatus).end('a message of the API');
      });
    });
  }

  async stop(): Promise<void> {
    await this.#server?.stop();
  }

  #token(request: IncomingMessage, response: ServerResponse, body: string): void {
    const live = this.accessTokens.at(-1) ?? 'none';
    const sent = `${decodeURIComponent(body)} with ${request.headers.authorization ?? 'none'}`;
    const echo = `${live} lives, you sent ${sent}`;
    const json = (status: number, content: object): void => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(content));
    };
    switch (this.mode) {
      case 'grant':
        json(200, this.#tokens());
        break;
      case 'refuse':
        json(400, { error: 'invalid_grant', error_description: echo, error_uri: echo });
        break;
      case 'misconfigured':
        json(401, { error: 'invalid_client', error_description: echo });
        break;
      case 'fail':
        json(500, { error: echo, error_description: echo, message: echo });
        break;
      case 'page':
        response.writeHead(502, { 'content-type': 'text/html' }).end(`<pre>${echo}</pre>`);
        break;
      case 'garble':
        json(200, { ...this.#tokens(), access_token: `${canary()}\r\nx: y`, token_type: echo });
        break;
      case 'reset':
        request.socket.resetAndDestroy();
        break;
    }
  }

  #tokens(): object {
    const accessToken = canary();
    this.accessTokens.push(accessToken);
    return {
      access_token: accessToken,
      token_type: 'Bearer',
      expires_in: 3600,
      refresh_token: canary(),
      id_token: canary(),
    };
  }
}

let server: Indiscreet;
/** What was seen on the outside, by what it is. */
let shown: { readonly what: string; readonly value: unknown }[];
const closers: (() => Promise<void>)[] = [];

beforeEach(async () => {
  server = new Indiscreet();
  shown = [];
  await server.start();
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  await server.stop();
});

const show = (what: string, value: unknown): void => void shown.push({ what, value });

/** Runs something that must fail, and shows its error. */
async function showError(what: string, work: Promise<unknown>): Promise<unknown> {
  const error: unknown = await work.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  expect(error).toBeInstanceOf(Error);
  show(what, error);
  return error;
}

const registration = (overrides: Partial<ClientRegistration> = {}): ClientRegistration => ({
  registrationId: 'acme',
  provider: oidc({ tokenEndpoint: `${server.url}/token` }),
  clientId: 'a-client',
  clientSecret: canary(),
  grant: passwordGrant({ username: 'user', password: canary() }),
  allowedOrigins: [server.url],
  ...overrides,
});

function managerOf(overrides: Partial<ClientRegistration> = {}): TokenManager {
  const manager = new TokenManager({
    registrations: [registration(overrides)],
    timing: { maxWaitMs: 50 },
  });
  for (const name of EVENTS) {
    manager.events.on(name, (event) => {
      show(`the event ${name}`, event);
    });
  }
  closers.push(() => manager.close());
  return manager;
}

function httpOf(manager: TokenManager): AxiosInstance {
  const http = axios.create({ baseURL: server.url });
  attachOAuth(http, manager.source('acme'));
  return http;
}

/** Looks for canaries in all that was shown, and tells where without telling which. */
async function expectNoLeak(manager?: TokenManager): Promise<void> {
  if (manager !== undefined) {
    show('the status', await manager.status('acme'));
    show('the list', await manager.list());
  }
  expect(server.seen).toBeGreaterThan(0);
  expect(shown.length).toBeGreaterThan(0);
  const leaks = shown.filter(({ value }) => holdsCanary(everythingOf(value)));
  expect(leaks.map(({ what }) => what)).toEqual([]);
}

describe('the search for canaries', () => {
  it('finds them deep inside, in JSON, in causes and in base64', () => {
    const secret = canary();
    const deep = { a: { b: { c: { d: { e: { f: { g: { h: secret } } } } } } } };
    const hidden = new Error('outer', { cause: new Error('inner', { cause: { secret } }) });
    const spoken = { toJSON: () => secret, [Symbol.for('nodejs.util.inspect.custom')]: () => '' };
    const encoded = ['', 'a', 'ab'].map((before) =>
      Buffer.from(`${before}:${secret}`).toString('base64'),
    );
    for (const value of [deep, hidden, new Error(secret), spoken, ...encoded]) {
      expect(holdsCanary(everythingOf(value))).toBe(true);
    }
    expect(holdsCanary(everythingOf(new Error('nothing')))).toBe(false);
  });
});

describe('no secret is told', () => {
  const MODES: readonly Mode[] = ['refuse', 'misconfigured', 'fail', 'page', 'garble', 'reset'];

  it.each(MODES)('when a login meets: %s', async (mode) => {
    server.mode = mode;
    const manager = managerOf();
    const login = passwordGrant({ username: 'user', password: canary() });
    const byHand = manager.authenticate('acme', login);
    if (mode !== 'garble') await showError('the error of authenticate', byHand);
    else
      await byHand.catch((error: unknown) => {
        show('the error of authenticate', error);
      });
    await showError('the error of getAccessToken', manager.getAccessToken('acme'));
    await showError('the error of a call', httpOf(manager).get('/things'));
    show('the outcome of refresh', await manager.refresh('acme'));
    await expectNoLeak(manager);
  });

  it.each(MODES)('when a refresh meets: %s', async (mode) => {
    const manager = managerOf({ grant: refreshTokenGrant({ refreshToken: canary() }) });
    const accessToken = await manager.getAccessToken('acme');
    server.mode = mode;
    show('the outcome of refresh', await manager.refresh('acme'));
    await showError('the error of renewRejected', manager.renewRejected('acme', accessToken));
    server.apiStatus = 401;
    const error = await showError('the error of a call', httpOf(manager).get('/things'));
    show('its cause', (error as Error).cause);
    await expectNoLeak(manager);
  });

  it('when all goes well', async () => {
    const manager = managerOf();
    const http = httpOf(manager);
    show('the response', await http.get('/things'));
    show('the outcome of refresh', await manager.refresh('acme'));
    await manager.getAccessToken('acme');
    await expectNoLeak(manager);
  });

  it.each([500, 403, 401, 0])('to who makes a call that meets status %i', async (status) => {
    const manager = managerOf();
    const http = httpOf(manager);
    await manager.getAccessToken('acme');
    server.apiStatus = status;
    const error = await showError('the error of the call', http.post('/things', { a: 1 }));
    expect(isAxiosError(error)).toBe(true);
    if (!isAxiosError(error)) return;
    for (const name of ['config', 'request', 'response', 'cause'] as const) {
      show(`its ${name}`, error[name]);
    }
    show('its JSON', error.toJSON());
    await expectNoLeak(manager);
  });

  it('to who calls an origin that is not allowed, or one that refuses the connection', async () => {
    const closed = await listen(() => undefined);
    await closed.stop();
    const manager = managerOf({ allowedOrigins: [server.url, closed.url] });
    const http = httpOf(manager);
    await manager.getAccessToken('acme');
    await showError('the refusal', http.get('http://127.0.0.1:9/things'));
    await showError('the network error', http.get(`${closed.url}/things`));
    await expectNoLeak(manager);
  });

  it('in the log of a Nest application', async () => {
    const lines: string[] = [];
    class Recorder extends ConsoleLogger {
      protected override printMessages(messages: unknown[], ...rest: never[]): void {
        lines.push(everythingOf([messages, rest]));
      }
    }
    const application = await Test.createTestingModule({
      imports: [
        OAuthTokenModule.forRoot({
          registrations: [registration()],
          refresher: false,
          timing: { maxWaitMs: 50 },
        }),
        OAuthTokenModule.forFeature([{ registrationId: 'acme', axios: { baseURL: server.url } }]),
      ],
    }).compile();
    closers.push(() => application.close());
    application.useLogger(
      new Recorder({ logLevels: ['verbose', 'debug', 'log', 'warn', 'error'] }),
    );
    await application.init();
    const http = application.get<HttpService>(getOAuthHttpToken('acme'), { strict: false });
    const manager = application.get(TokenManager, { strict: false });
    await http.axiosRef.get('/things');
    // What is refused for good ends the requests, so it comes last.
    for (const mode of ['misconfigured', 'refuse'] as const) {
      server.mode = mode;
      await manager.refresh('acme');
    }
    show('the log', lines.join('\n'));
    expect(lines.length).toBeGreaterThan(2);
    await expectNoLeak(manager);
  });
});
