import {
  type ClientRegistration,
  Keyring,
  passwordGrant,
  TokenManager,
  type TokenManagerOptions,
} from '@oauth-token/core';
import { oidc } from '@oauth-token/providers';
import {
  RedisTokenStore,
  type RedisTokenStoreOptions,
  RedlockRefreshLock,
  type RedlockRefreshLockOptions,
} from '@oauth-token/redis';
import { type LedgerItem, SandboxServer } from '@oauth-token/testing';
import { Redis } from 'ioredis';

/** How long the servers of a spec may take to start: the first run ever may have to unpack one. */
export const START_MS = 120_000;

/** A sandbox, and what talks to it and to Redis, on real time. Everything made here is closed by `stop`. */
export class RedisBench {
  readonly sandbox = new SandboxServer();
  readonly keys = Keyring.ephemeral();
  /** What the stores had to say. */
  readonly warnings: string[] = [];
  readonly #closers: (() => Promise<void>)[] = [];

  constructor(readonly prefix: string) {}

  async start(): Promise<void> {
    await this.sandbox.start();
  }

  /** A client that comes back soon after an outage. */
  client(url: string, options: { readonly keyPrefix?: string } = {}): Redis {
    const client = new Redis(url, { retryStrategy: () => 50, ...options });
    // An outage is what is tested.
    client.on('error', () => undefined);
    this.onStop(() => {
      client.disconnect();
    });
    return client;
  }

  store(url: string, options: RedisTokenStoreOptions = {}): RedisTokenStore {
    const sealing = options.insecurePlaintext === undefined ? { keys: this.keys } : {};
    const warn = (message: string): void => void this.warnings.push(message);
    const all = { ...sealing, prefix: this.prefix, commandTimeoutMs: 300, warn, ...options };
    const store = new RedisTokenStore(this.client(url), all);
    this.onStop(() => store.close());
    return store;
  }

  lock(urls: readonly string[], options: RedlockRefreshLockOptions = {}): RedlockRefreshLock {
    const clients = urls.map((url) => this.client(url));
    const lock = new RedlockRefreshLock(clients, { prefix: `${this.prefix}:lock`, ...options });
    this.onStop(() => lock.close());
    return lock;
  }

  /** A registration at the sandbox: a login that is kept fresh by refresh tokens that work once. */
  registration(overrides: Partial<ClientRegistration> = {}): ClientRegistration {
    const { url } = this.sandbox;
    return {
      registrationId: 'acme',
      provider: oidc({ tokenEndpoint: `${url}/oidc/token` }),
      clientId: 'demo-client',
      clientSecret: 'demo-secret',
      grant: passwordGrant({ username: 'demo', password: 'demo-password' }),
      allowedOrigins: [url],
      ...overrides,
    };
  }

  manager(options: Partial<TokenManagerOptions>): TokenManager {
    const registrations = [this.registration()];
    const manager = new TokenManager({ registrations, random: () => 0.5, ...options });
    this.onStop(() => manager.close());
    return manager;
  }

  /** What the ledger says of each token request: grant and status, and whether a spent refresh token came again. */
  requests(): readonly string[] {
    return this.sandbox.ledger().map(requestOf);
  }

  onStop(close: () => void | Promise<void>): void {
    this.#closers.push(async () => close());
  }

  async stop(): Promise<void> {
    for (const close of this.#closers.splice(0).reverse()) await close();
    await this.sandbox.stop();
  }
}

const requestOf = ({ grant, status, reuse }: LedgerItem): string =>
  `${grant} ${status}${reuse === true ? ' reuse' : ''}`;

/** The error that something fails with. @throws Error when it does not fail */
export async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => {
      throw new Error('It did not fail.');
    },
    (error: unknown) => error,
  );
}

/** How long something takes, ms, whether it fails or not. */
export async function durationOf(work: Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work.catch(() => undefined);
  return performance.now() - startedAt;
}
