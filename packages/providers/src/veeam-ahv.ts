import { defineProvider, type ProviderAdapter, type TlsOptions } from '@oauth-token/core';
import { assertOptions, baseUrlComplaint, endpointsAt } from './option-checks.js';

/** Which Veeam Backup for Nutanix AHV appliance, and how it is reached. @public */
export interface VeeamAhvOptions {
  /** The appliance, such as `https://ahv.example.com`. */
  readonly baseUrl: string;
  /** Appliances sign their own certificates: give the certificate to trust here. */
  readonly tls?: TlsOptions;
  /** Ask for refresh tokens that live for 14 days instead of 24 hours. @defaultValue false */
  readonly longLivedRefreshToken?: boolean;
}

const DAY_MS = 24 * 3_600_000;

/** The appliance spells its parameters and some of its answers in camel case, its pages do not agree which. */
const FIELDS = {
  accessToken: ['access_token', 'accessToken'],
  tokenType: ['token_type', 'tokenType'],
  expiresIn: ['expires_in', 'expiresIn'],
  expiresAt: ['accessTokenExpiresAt', 'access_token_expires_at'],
  refreshToken: ['refresh_token', 'refreshToken'],
  refreshTokenExpiresAt: ['refreshTokenExpiresAt', 'refresh_token_expires_at'],
  errorDescription: ['error_description', 'errorMessage', 'message'],
} as const;

/** The API moved with version 8. */
const MOVED =
  'appliances of version 8 and later take tokens of Veeam Backup & Replication: use veeamVbr';

/**
 * Veeam Backup for Nutanix AHV, the appliance's REST API up to version 7.
 *
 * There is no client: user name and password log in. Expiries are absolute and measured on the appliance's own clock.
 *
 * @throws {@link ConfigurationError} naming the wrong option
 * @see [Veeam REST API reference](https://helpcenter.veeam.com/docs/vbahv/rest/requesting_authorization.html)
 * @public
 */
export function veeamAhv(options: VeeamAhvOptions): ProviderAdapter {
  const { baseUrl, tls, longLivedRefreshToken = false } = options;
  assertOptions({ baseUrl: baseUrlComplaint(baseUrl) });
  const extra = longLivedRefreshToken ? { longLivedRefreshToken: 'true' } : {};
  return defineProvider({
    name: 'veeam-ahv',
    endpoints: { token: endpointsAt(baseUrl)('/api/oauth2/token') },
    ...(tls === undefined ? {} : { tls }),
    grants: ['password', 'refresh_token'],
    clientAuthentication: 'none',
    needsClientId: false,
    request: {
      parameterNames: {
        grant_type: 'grantType',
        username: 'userName',
        refresh_token: 'refreshToken',
      },
      grantValues: { password: 'Password', refresh_token: 'RefreshToken' },
      extraParameters: { password: extra, refresh_token: extra },
    },
    response: {
      fields: FIELDS,
      expiry: {
        defaultLifetimeMs: 1_800_000,
        defaultRefreshTokenLifetimeMs: longLivedRefreshToken ? 14 * DAY_MS : DAY_MS,
      },
    },
    rotation: { refreshTokenReuse: 'strict' },
    errors: { refusedStatuses: [400, 401], hints: { 404: MOVED, 405: MOVED } },
  });
}
