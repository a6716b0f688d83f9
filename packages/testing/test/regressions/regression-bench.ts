import {
  type ClientRegistration,
  defineProvider,
  type Grant,
  passwordGrant,
  type ProviderAdapter,
  type ProviderRotationDefinition,
  type TokenEventMap,
  TokenManager,
  type TokenManagerOptions,
  TokenRefresher,
} from '@oauth-token/core';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ManualClock } from '../../src/index.js';
import { FaultyStore } from './faulty-store.js';
import { ScriptedEndpoint } from './scripted-endpoint.js';

/** The login of the registrations here. */
export const PASSWORD: Grant = passwordGrant({ username: 'user', password: 'canary-password' });

/** An event as it was told. */
export interface ToldEvent {
  readonly name: keyof TokenEventMap;
  readonly event: TokenEventMap[keyof TokenEventMap];
}

/** What has become of a promise so far. */
export interface Watched<T> {
  readonly value?: T;
  readonly error?: unknown;
  /** How long it took by the manual clock, ms; absent while it is pending. */
  readonly tookMs?: number;
}

/** A door that stays shut until a test opens it; at the latest when its bench closes. */
export interface Gate {
  readonly passed: Promise<void>;
  open(): void;
}

const EVENT_NAMES: readonly (keyof TokenEventMap)[] = [
  'acquired',
  'refreshed',
  'rotated',
  'refreshFailed',
  'reauthorizationRequired',
  'staleServed',
  'orphanFound',
  'lockContended',
  'restored',
];

/** Token managers, a scripted token endpoint and a faulty store on one manual clock. */
export class RegressionBench {
  readonly clock = new ManualClock();
  readonly endpoint = new ScriptedEndpoint(this.clock);
  readonly store = new FaultyStore(this.clock);
  readonly events: ToldEvent[] = [];
  readonly #managers: TokenManager[] = [];
  readonly #refreshers: TokenRefresher[] = [];
  readonly #gates: Gate[] = [];

  provider(rotation: ProviderRotationDefinition = {}): ProviderAdapter {
    const endpoints = { token: 'https://as.example/token', revoke: 'https://as.example/revoke' };
    return defineProvider({ name: 'example', endpoints, rotation });
  }

  /** A registration that nothing can log in but `authenticate`. */
  loginless(overrides: Partial<ClientRegistration> = {}): ClientRegistration {
    return {
      registrationId: 'acme',
      provider: this.provider(),
      clientId: 'client',
      clientSecret: 'canary-secret',
      allowedOrigins: ['https://api.example'],
      ...overrides,
    };
  }

  /** A registration that logs in with a password. */
  registration(overrides: Partial<ClientRegistration> = {}): ClientRegistration {
    return this.loginless({ grant: PASSWORD, ...overrides });
  }

  /** A manager of one registration on this bench's store. */
  manager(
    registration = this.registration(),
    options: Partial<TokenManagerOptions> = {},
  ): TokenManager {
    const manager = new TokenManager({
      registrations: [registration],
      store: this.store,
      transport: this.endpoint,
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

  refresher(manager: TokenManager): TokenRefresher {
    const refresher = new TokenRefresher(manager);
    this.#refreshers.push(refresher);
    return refresher;
  }

  /** Lets the background work for so many seconds, with a tick and a look at each. */
  async background(
    manager: TokenManager,
    seconds: number,
    look: () => unknown = () => undefined,
  ): Promise<void> {
    const refresher = this.refresher(manager);
    for (let second = 0; second < seconds; second += 1) {
      await refresher.tick();
      await this.clock.advance(1_000);
      await this.turns(2);
      await look();
    }
  }

  /** The events of a name, in order. */
  told<Name extends keyof TokenEventMap>(name: Name): readonly TokenEventMap[Name][] {
    return this.events
      .filter((entry) => entry.name === name)
      .map(({ event }) => event as TokenEventMap[Name]);
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

  /** Watches a promise that may settle later, or never. */
  watch<T>(promise: Promise<T>): Watched<T> {
    const from = this.clock.monotonic();
    const watched: { value?: T; error?: unknown; tookMs?: number } = {};
    promise.then(
      (value) => Object.assign(watched, { value, tookMs: this.clock.monotonic() - from }),
      (error: unknown) => Object.assign(watched, { error, tookMs: this.clock.monotonic() - from }),
    );
    return watched;
  }

  /** Lets whatever waits for nothing but its turn go on. */
  async turns(count = 20): Promise<void> {
    for (let turn = 0; turn < count; turn += 1) await nextTurn();
  }

  /** Opens every gate and closes what was opened here. */
  async close(): Promise<void> {
    for (const gate of this.#gates) gate.open();
    this.store.readsFail = false;
    this.store.commitsFail = false;
    const stopping = this.#refreshers.map((refresher) => refresher.stop());
    const closing = this.#managers.map((manager) => manager.close());
    // What waits on the clock would never end by itself.
    await this.clock.advance(600_000);
    await Promise.all([...stopping, ...closing]);
    await this.store.close();
  }
}

/** The error of a promise that has to fail. */
export async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  const outcome = await promise.then(
    () => 'It did not fail.',
    (error: unknown) => ({ error }),
  );
  if (typeof outcome === 'string') throw new Error(outcome);
  return outcome.error;
}
