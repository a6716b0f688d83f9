import {
  type ClientAuthentication,
  defineProvider,
  type GrantType,
  type ProviderAdapter,
  type ProviderEndpoints,
  type RefreshTokenReuse,
  type TlsOptions,
} from '@oauth-token/core';
import { assertOptions, urlComplaint } from './option-checks.js';

/** Any authorization server that keeps to RFC 6749: its issuer, or its token endpoint. @public */
export interface OidcOptions {
  /** The issuer, whose metadata names the endpoints. */
  readonly issuer?: string;
  /** The token endpoint, where nothing is to be discovered. */
  readonly tokenEndpoint?: string;
  readonly authorizationEndpoint?: string;
  readonly revocationEndpoint?: string;
  readonly introspectionEndpoint?: string;
  readonly userinfoEndpoint?: string;
  /** Short name, as in the status and in logs. @defaultValue 'oidc' */
  readonly name?: string;
  /** @defaultValue 'client_secret_basic' */
  readonly clientAuthentication?: ClientAuthentication;
  /** Whether a refresh token survives its use. @defaultValue 'strict' */
  readonly refreshTokenReuse?: RefreshTokenReuse;
  /** @defaultValue all */
  readonly grants?: readonly GrantType[];
  /** Lifetime of a token whose answer tells none, ms; `never` when such a token has no end. @defaultValue 3,600,000 */
  readonly defaultLifetimeMs?: number | 'never';
  /** Refreshes are refused until so long (ms) before the access token ends. */
  readonly earliestRefreshBeforeExpiryMs?: number;
  /** Statuses of an API that refuse the access token. @defaultValue [401] */
  readonly expiredStatuses?: readonly number[];
  /** Further members of the token answer to keep with the tokens. */
  readonly extras?: readonly string[];
  readonly tls?: TlsOptions;
}

type Given<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> };

/** Without the members that are undefined: what is not given is the definition's to choose. */
const given = <T extends object>(value: T): Given<T> =>
  Object.fromEntries(
    Object.entries(value).filter(([, member]) => member !== undefined),
  ) as Given<T>;

const optionalUrl = (value: string | undefined): string | undefined =>
  value === undefined ? undefined : urlComplaint(value);

function checkOptions(options: OidcOptions): void {
  const { issuer, tokenEndpoint } = options;
  const isNowhere = issuer === undefined && tokenEndpoint === undefined;
  // Endpoints are either all given or all discovered.
  const lone = (value: string | undefined): string | undefined =>
    value !== undefined && tokenEndpoint === undefined && !isNowhere
      ? 'needs a tokenEndpoint beside it'
      : optionalUrl(value);
  assertOptions({
    issuer: optionalUrl(issuer),
    tokenEndpoint: isNowhere ? 'give a tokenEndpoint, or an issuer' : optionalUrl(tokenEndpoint),
    authorizationEndpoint: lone(options.authorizationEndpoint),
    revocationEndpoint: lone(options.revocationEndpoint),
    introspectionEndpoint: lone(options.introspectionEndpoint),
    userinfoEndpoint: lone(options.userinfoEndpoint),
  });
}

function endpointsOf(options: OidcOptions): ProviderEndpoints | undefined {
  if (options.tokenEndpoint === undefined) return undefined;
  return {
    token: options.tokenEndpoint,
    ...given({
      authorize: options.authorizationEndpoint,
      revoke: options.revocationEndpoint,
      introspect: options.introspectionEndpoint,
      userinfo: options.userinfoEndpoint,
    }),
  };
}

/**
 * Any authorization server that keeps to RFC 6749.
 *
 * With an `issuer` alone its metadata names the endpoints (RFC 8414, OpenID Connect Discovery); with a `tokenEndpoint` nothing is
 * discovered. A refusal that cannot be interpreted counts as a matter of the settings: the refresh token lives on.
 *
 * @throws {@link ConfigurationError} naming every wrong option
 * @see [RFC 6749](https://www.rfc-editor.org/rfc/rfc6749)
 * @public
 */
export function oidc(options: OidcOptions): ProviderAdapter {
  checkOptions(options);
  const { defaultLifetimeMs: lifetime } = options;
  return defineProvider({
    name: options.name ?? 'oidc',
    ...given({
      issuer: options.issuer,
      endpoints: endpointsOf(options),
      tls: options.tls,
      grants: options.grants,
      clientAuthentication: options.clientAuthentication,
    }),
    response: {
      ...given({ extras: options.extras }),
      expiry:
        lifetime === 'never' ? { withoutExpiry: 'never' } : given({ defaultLifetimeMs: lifetime }),
    },
    rotation: given({
      refreshTokenReuse: options.refreshTokenReuse,
      earliestRefreshBeforeExpiryMs: options.earliestRefreshBeforeExpiryMs,
    }),
    attach: given({ expiredStatuses: options.expiredStatuses }),
  });
}
