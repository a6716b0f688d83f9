import { defineProvider, type ProviderAdapter, type TlsOptions } from '@oauth-token/core';
import { assertOptions, baseUrlComplaint, endpointsAt, headerComplaint } from './option-checks.js';

/** Which Veeam Backup & Replication server, and how it is reached. @public */
export interface VeeamVbrOptions {
  /** The server with its REST port, such as `https://vbr.example.com:9419`. */
  readonly baseUrl: string;
  /** Version and revision of the API, such as `1.3-rev1`: every call must carry it. */
  readonly apiVersion: string;
  /** Servers sign their own certificates: give the certificate to trust here. */
  readonly tls?: TlsOptions;
}

/**
 * Veeam Backup & Replication, whose tokens the Nutanix AHV API takes from version 8 on.
 *
 * There is no client: user name and password log in. `x-api-version` goes on token and API calls.
 *
 * @throws {@link ConfigurationError} naming every wrong option
 * @see [Veeam REST API reference](https://helpcenter.veeam.com/references/vbr/13/rest/1.3-rev0/tag/Login)
 * @public
 */
export function veeamVbr(options: VeeamVbrOptions): ProviderAdapter {
  const { baseUrl, apiVersion, tls } = options;
  assertOptions({
    baseUrl: baseUrlComplaint(baseUrl),
    apiVersion: headerComplaint(apiVersion),
  });
  const headers = { 'x-api-version': apiVersion };
  return defineProvider({
    name: 'veeam-vbr',
    endpoints: { token: endpointsAt(baseUrl)('/api/oauth2/token') },
    ...(tls === undefined ? {} : { tls }),
    grants: ['password', 'refresh_token'],
    clientAuthentication: 'none',
    needsClientId: false,
    request: { headers },
    response: {
      fields: { errorDescription: ['error_description', 'message'] },
      expiry: { defaultLifetimeMs: 900_000 },
    },
    rotation: { refreshTokenReuse: 'strict' },
    errors: { refusedStatuses: [400, 401] },
    attach: { headers },
  });
}
