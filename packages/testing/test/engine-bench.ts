import {
  type ClientRegistration,
  clientCredentialsGrant,
  defineProvider,
  passwordGrant,
  type ProviderAdapter,
  type RefreshTokenReuse,
  type TokenEventMap,
  TokenManager,
  type TokenManagerOptions,
} from '@oauth-token/core';
import { ManualClock, SandboxServer } from '../src/index.js';

export interface EngineBench {
  readonly clock: ManualClock;
  readonly sandbox: SandboxServer;
  readonly events: { readonly name: string; readonly event: unknown }[];
  adapter(reuse?: RefreshTokenReuse): ProviderAdapter;
  twoBaLike(): ProviderAdapter;
  registration(overrides?: Partial<ClientRegistration>): ClientRegistration;
  manager(overrides?: Partial<TokenManagerOptions>): TokenManager;
  tokenRequests(): number;
}

const EVENT_NAMES: readonly (keyof TokenEventMap)[] = [
  'acquired',
  'refreshed',
  'rotated',
  'refreshFailed',
  'reauthorizationRequired',
  'staleServed',
  'orphanFound',
];

/** A sandbox and a token manager on one manual clock. */
export function engineBench(): EngineBench & { start(): Promise<void>; stop(): Promise<void> } {
  const clock = new ManualClock();
  const sandbox = new SandboxServer({ now: () => clock.now() });
  const events: { name: string; event: unknown }[] = [];
  const managers: TokenManager[] = [];
  const adapter = (reuse: RefreshTokenReuse = 'strict'): ProviderAdapter =>
    defineProvider({
      name: 'oidc',
      endpoints: { token: `${sandbox.url}/oidc/token`, revoke: `${sandbox.url}/oidc/revoke` },
      rotation: { refreshTokenReuse: reuse },
    });
  const bench: EngineBench = {
    clock,
    sandbox,
    events,
    adapter,
    twoBaLike: () =>
      defineProvider({
        name: '2ba',
        endpoints: { token: `${sandbox.url}/2ba/OAuth/Token` },
        clientAuthentication: 'client_secret_post',
        errors: { refusedStatuses: [400] },
      }),
    registration: (overrides = {}) => ({
      registrationId: 'acme',
      provider: adapter(),
      clientId: 'demo-client',
      clientSecret: 'demo-secret',
      grant: passwordGrant({ username: 'demo', password: 'demo-password' }),
      allowedOrigins: [sandbox.url],
      ...overrides,
    }),
    manager: (overrides = {}) => {
      const manager = new TokenManager({
        registrations: [bench.registration()],
        clock,
        random: () => 0.5,
        ...overrides,
      });
      for (const name of EVENT_NAMES) {
        manager.events.on(name, (event) => events.push({ name, event }));
      }
      managers.push(manager);
      return manager;
    },
    tokenRequests: () => sandbox.ledger().length,
  };
  return {
    ...bench,
    start: async () => {
      await sandbox.start();
    },
    stop: async () => {
      // A flight that waits on the clock would never end by itself.
      const closing = Promise.all(managers.map((manager) => manager.close()));
      await clock.advance(600_000);
      await closing;
      await sandbox.stop();
    },
  };
}

export { clientCredentialsGrant, passwordGrant };
