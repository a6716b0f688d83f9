import {
  type ClientRegistration,
  passwordGrant,
  type TokenEventMap,
  TokenManager,
  type TokenManagerOptions,
} from '@oauth-token/core';
import { empowerId, oidc, twoBa, veeamAhv } from '@oauth-token/providers';
import {
  type DialectName,
  ManualClock,
  type SandboxAccounts,
  SandboxServer,
} from '@oauth-token/testing';

/** The adapters as they are told where the sandbox plays their system. */
export const ADAPTERS = {
  '2ba': (url: string) => twoBa({ authority: `${url}/2ba` }),
  veeam: (url: string) => veeamAhv({ baseUrl: `${url}/veeam` }),
  empowerid: (url: string) => empowerId({ baseUrl: `${url}/empowerid` }),
  oidc: (url: string) => oidc({ tokenEndpoint: `${url}/oidc/token` }),
} as const;

const EVENT_NAMES = [
  'acquired',
  'refreshed',
  'refreshFailed',
  'reauthorizationRequired',
  'staleServed',
] as const satisfies readonly (keyof TokenEventMap)[];

/** An account whose password a test may change. */
export interface Account {
  readonly name: string;
  password: string;
}

/** A sandbox and token managers on one manual clock. */
export class SandboxBench {
  readonly clock = new ManualClock();
  readonly sandbox: SandboxServer;
  readonly events: { readonly name: string; readonly event: unknown }[] = [];
  readonly account: Account = { name: 'user@example.com', password: 'a-password' };
  readonly client = { clientId: 'a-client', clientSecret: 'a-secret' };
  readonly #managers: TokenManager[] = [];

  constructor() {
    const accounts: SandboxAccounts = { clients: [this.client], users: [this.account] };
    this.sandbox = new SandboxServer({
      now: () => this.clock.now(),
      accounts: { '2ba': accounts, veeam: accounts, empowerid: accounts, oidc: accounts },
    });
  }

  manager(
    registrations: ClientRegistration | readonly ClientRegistration[],
    options: Partial<TokenManagerOptions> = {},
  ): TokenManager {
    const manager = new TokenManager({
      registrations: [registrations].flat(),
      clock: this.clock,
      random: () => 0.5,
      ...options,
    });
    for (const name of EVENT_NAMES) {
      manager.events.on(name, (event) => this.events.push({ name, event }));
    }
    this.#managers.push(manager);
    return manager;
  }

  /** A registration that logs in with the account; its id is the dialect's name. */
  registration(
    dialect: DialectName,
    overrides: Partial<ClientRegistration> = {},
  ): ClientRegistration {
    const { sandbox, account, client } = this;
    const provider = ADAPTERS[dialect](sandbox.url);
    return {
      registrationId: dialect,
      provider,
      ...(provider.needsClientId ? client : {}),
      grant: passwordGrant({ username: account.name, password: account.password }),
      allowedOrigins: [sandbox.url],
      ...overrides,
    };
  }

  countOf(name: (typeof EVENT_NAMES)[number]): number {
    return this.events.filter((entry) => entry.name === name).length;
  }

  /** What the ledger says of each token request: grant and status. */
  requests(): readonly (readonly [string, number])[] {
    return this.sandbox.ledger().map(({ grant, status }) => [grant, status] as const);
  }

  async stop(): Promise<void> {
    // A flight that waits on the clock would never end by itself.
    const closing = Promise.all(this.#managers.map((manager) => manager.close()));
    await this.clock.advance(600_000);
    await closing;
    await this.sandbox.stop();
  }
}
