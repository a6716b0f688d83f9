import type { ClientRegistration } from '../model/client-registration.js';
import type { TokenStore } from '../store/token-store.js';

/** Under which names a registration's pauses are shared. @internal */
export interface PauseNames {
  /** Of the provider's server, over all its clients. */
  readonly provider: string;
  /** Of the token endpoint as the registration reaches it: another one when it has TLS or a proxy of its own. */
  readonly endpoint: string;
  /** Of the registration. */
  readonly breaker: string;
  /** Fingerprint of the settings that the client is known by: it changes when they are corrected. */
  readonly settings: string;
}

/**
 * Finds the names of the pauses of registrations; none holds a secret.
 *
 * @internal
 */
export class PauseNaming {
  /** Settings do not change; corrected ones are other objects. */
  readonly #known = new WeakMap<ClientRegistration, PauseNames>();

  constructor(private readonly store: Pick<TokenStore, 'fingerprint'>) {}

  /** The names for a registration; `supplied` is its client secret where that comes from a supplier. */
  of(registration: ClientRegistration, supplied: string | undefined): PauseNames {
    const { clientSecret } = registration;
    if (typeof clientSecret === 'function') return this.#name(registration, supplied);
    const known = this.#known.get(registration) ?? this.#name(registration, clientSecret);
    this.#known.set(registration, known);
    return known;
  }

  #name(registration: ClientRegistration, secret: string | undefined): PauseNames {
    const { registrationId, provider, clientId, clientAuthentication, http } = registration;
    const { tls = provider.tls, proxy } = http ?? {};
    const url = provider.endpoints?.token ?? provider.issuer;
    const server = this.#fingerprint('server', provider.name, url);
    const isOwnWay = tls !== undefined || proxy !== undefined;
    const endpoint = isOwnWay ? this.#fingerprint('endpoint', server, tls, proxy) : server;
    const client = [registrationId, url, clientId, secret, clientAuthentication];
    const settings = this.#fingerprint('settings', ...client);
    return {
      provider: `pause:${server}`,
      endpoint: `pause:${endpoint}`,
      breaker: `breaker:${settings}`,
      settings,
    };
  }

  #fingerprint(...parts: readonly unknown[]): string {
    return this.store.fingerprint(JSON.stringify(parts));
  }
}
