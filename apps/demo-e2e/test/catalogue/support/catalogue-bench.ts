import {
  type ClientRegistration,
  defineProvider,
  MemoryTokenStore,
  passwordGrant,
  type ProviderAdapter,
  type RefreshTokenReuse,
  type TokenEventMap,
  TokenManager,
  type TokenManagerOptions,
  TokenRefresher,
} from '@oauth-token/core';
import { ManualClock } from '@oauth-token/testing';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { bodyOf } from '../../support/http-server.js';
import { waitFor } from '../../support/wait-for.js';

/** A request for tokens as the server saw it. */
export interface SeenRequest {
  /** By the manual clock. */
  readonly at: number;
  readonly grant: string;
  readonly refreshToken: string | null;
  readonly form: URLSearchParams;
}

/** What the server answers. */
export interface Reply {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What stays shut until a test opens it; at the latest when its bench stops. */
export interface Gate {
  readonly passed: Promise<void>;
  open(): void;
}

export const PASSWORD = passwordGrant({ username: 'demo', password: 'demo-password' });

const EVENT_NAMES = [
  'refreshed',
  'refreshFailed',
  'reauthorizationRequired',
  'orphanFound',
  'staleServed',
] as const satisfies readonly (keyof TokenEventMap)[];

/**
 * A token endpoint over HTTP that a test has answer what it wants, and token managers over one store, on one manual clock. What it
 * issues is numbered: `at1` with `rt1`, `at2` with `rt2`; tokens live for 300 s unless told otherwise.
 */
export class CatalogueBench {
  readonly clock = new ManualClock();
  readonly store = new MemoryTokenStore(this.clock);
  readonly requests: SeenRequest[] = [];
  lifetimeSeconds = 300;
  behaviour: (request: SeenRequest) => Reply | Promise<Reply> = () => this.issue();
  readonly #events: { readonly name: string; readonly event: unknown }[] = [];
  readonly #managers: TokenManager[] = [];
  readonly #refreshers: TokenRefresher[] = [];
  readonly #clocks = new Set([this.clock]);
  readonly #gates: Gate[] = [];
  #server: Server | undefined;
  #port = 0;
  #issued = 0;

  /** Listens; again on the same port after {@link leave}. */
  async start(): Promise<void> {
    const server = createServer((request, response) => {
      void bodyOf(request)
        .then((body) => this.#answer(new URLSearchParams(body)))
        .then(({ status, body, headers = {} }) => {
          const type = typeof body === 'string' ? 'text/html' : 'application/json';
          response.writeHead(status, { 'content-type': type, ...headers });
          response.end(typeof body === 'string' ? body : JSON.stringify(body));
        });
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(this.#port, '127.0.0.1', resolve);
    });
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  /** Refuses connections from now on. */
  async leave(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    await new Promise<void>((resolve) => {
      if (server === undefined) {
        resolve();
        return;
      }
      server.close(() => {
        resolve();
      });
      server.closeAllConnections();
    });
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** New tokens; a member that is `undefined` is left out. */
  issue(members: Readonly<Record<string, unknown>> = {}): Reply {
    this.#issued += 1;
    const tokens = {
      access_token: `at${this.#issued}`,
      token_type: 'Bearer',
      expires_in: this.lifetimeSeconds,
      refresh_token: `rt${this.#issued}`,
    };
    return { status: 200, body: { ...tokens, ...members } };
  }

  provider(refreshTokenReuse: RefreshTokenReuse = 'strict', token = this.url): ProviderAdapter {
    const endpoints = { token: `${token}/token` };
    return defineProvider({ name: 'example', endpoints, rotation: { refreshTokenReuse } });
  }

  /** A registration that only `authenticate` can log in. */
  loginless(overrides: Partial<ClientRegistration> = {}): ClientRegistration {
    return {
      registrationId: 'acme',
      provider: this.provider(),
      clientId: 'a-client',
      clientSecret: 'a-secret',
      allowedOrigins: ['http://127.0.0.1:1'],
      ...overrides,
    };
  }

  /** A manager of one registration on this bench's store. */
  manager(
    registration = this.loginless({ grant: PASSWORD }),
    options: Partial<TokenManagerOptions> = {},
  ): TokenManager {
    const manager = new TokenManager({
      registrations: [registration],
      store: this.store,
      clock: this.clock,
      random: () => 0.5,
      // Nobody waits for the clock, which only the test moves.
      timing: { maxWaitMs: 1 },
      ...options,
    });
    for (const name of EVENT_NAMES) {
      manager.events.on(name, (event) => this.#events.push({ name, event }));
    }
    if (options.clock instanceof ManualClock) this.#clocks.add(options.clock);
    this.#managers.push(manager);
    return manager;
  }

  refresher(manager: TokenManager): TokenRefresher {
    const refresher = new TokenRefresher(manager);
    this.#refreshers.push(refresher);
    return refresher;
  }

  told<Name extends (typeof EVENT_NAMES)[number]>(name: Name): readonly TokenEventMap[Name][] {
    return this.#events
      .filter((entry) => entry.name === name)
      .map(({ event }) => event as TokenEventMap[Name]);
  }

  /** The refresh tokens that came in, in order. */
  get refreshTokens(): readonly string[] {
    return this.requests.flatMap(({ refreshToken }) => refreshToken ?? []);
  }

  gate(): Gate {
    let open = (): void => undefined;
    const passed = new Promise<void>((resolve) => {
      open = resolve;
    });
    const gate = { passed, open };
    this.#gates.push(gate);
    return gate;
  }

  /** Waits until so many requests have come in. */
  received(count: number): Promise<void> {
    return waitFor(`request ${count}`, 5_000, () => this.requests.length >= count);
  }

  async stop(): Promise<void> {
    for (const gate of this.#gates) gate.open();
    const closing = [
      ...this.#refreshers.map((refresher) => refresher.stop()),
      ...this.#managers.map((manager) => manager.close()),
    ];
    // What waits on a clock would never end by itself.
    for (const clock of this.#clocks) await clock.advance(600_000);
    await Promise.all(closing);
    await this.leave();
  }

  async #answer(form: URLSearchParams): Promise<Reply> {
    const grant = form.get('grant_type');
    // A revocation is no business of these tests.
    if (grant === null) return { status: 200, body: {} };
    const request = {
      at: this.clock.now(),
      grant,
      refreshToken: form.get('refresh_token'),
      form,
    };
    this.requests.push(request);
    return this.behaviour(request);
  }
}

export const refusal = (error: string, status = 400): Reply => ({ status, body: { error } });

/** The error of work that has to fail. @throws Error when it does not */
export async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => {
      throw new Error('It did not fail.');
    },
    (error: unknown) => error,
  );
}
