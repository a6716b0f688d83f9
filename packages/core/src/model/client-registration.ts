import type { ProviderAdapter } from '../provider/provider-adapter.js';
import type { ClientAuthentication } from './client-authentication.js';
import type { Grant } from './grant.js';
import type { TokenKey } from './token-key.js';
import type { TokenSet } from './token-set.js';

/**
 * TLS towards one token endpoint; there is no global switch.
 *
 * @public
 */
export interface TlsOptions {
  /** Certificates to trust instead of the system's, PEM. */
  readonly ca?: string | readonly string[];
  /** Client certificate and key for mutual TLS, PEM. */
  readonly cert?: string;
  readonly key?: string;
  readonly passphrase?: string;
  /** The name to verify when it is not the host's. */
  readonly servername?: string;
  /** `false` accepts any certificate: only for an appliance on a trusted network. @defaultValue true */
  readonly rejectUnauthorized?: boolean;
}

/**
 * How the token endpoint of a registration is reached.
 *
 * @public
 */
export interface TokenEndpointHttpOptions {
  /** Longest time from sending to the whole answer, ms, at most 15,000. @defaultValue three quarters of the lease */
  readonly timeoutMs?: number;
  readonly tls?: TlsOptions;
  /** URL of a proxy; the environment's proxies are never used. */
  readonly proxy?: string;
}

/**
 * An origin (`https://api.example.com`) to which a bearer may go, or a function that tells it from the token answer.
 *
 * @public
 */
export type AllowedOrigin = string | ((tokens: TokenSet) => readonly string[]);

/**
 * One client configured at one provider.
 *
 * @public
 */
export interface ClientRegistration {
  readonly registrationId: string;
  readonly provider: ProviderAdapter;
  readonly clientId?: string;
  /** The secret, or a supplier that is asked before each token request. */
  readonly clientSecret?: string | (() => Promise<string>);
  /** @defaultValue the provider's */
  readonly clientAuthentication?: ClientAuthentication;
  /** How the service's own token (the key without a subject) logs in. */
  readonly grant?: Grant;
  /** How a key with a subject logs in by itself, where it can. */
  readonly grantFor?: (key: TokenKey) => Promise<Grant | undefined>;
  readonly scope?: readonly string[];
  /** RFC 8707 resource indicators. */
  readonly resource?: readonly string[];
  /** Further parameters of every token request. */
  readonly extraParams?: Readonly<Record<string, string>>;
  /** Where its bearer may go; never empty. */
  readonly allowedOrigins: readonly AllowedOrigin[];
  readonly http?: TokenEndpointHttpOptions;
  /** Renew in the background. @defaultValue true */
  readonly keepFresh?: boolean;
  /** A subject's token unused for so long (ms) is only touched before its refresh token ends. @defaultValue never idle */
  readonly idleAfterMs?: number;
  /** Most token requests of this registration at one time in this process. @defaultValue no bound of its own */
  readonly concurrency?: number;
}

/**
 * Where registrations come from when they are known at run time only.
 *
 * @public
 */
export interface RegistrationSource {
  /** The registration of an id, or `undefined` when there is none (yet). */
  find(registrationId: string): Promise<ClientRegistration | undefined>;
  /** All that should be logged in at boot, where the source can tell. */
  list?(): Promise<readonly ClientRegistration[]>;
}
