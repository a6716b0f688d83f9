import { defineProvider, type ProviderAdapter } from '@oauth-token/core';
import { assertOptions, baseUrlComplaint, endpointsAt, pathComplaint } from './option-checks.js';

/** Where 2BA's authorization server is. @public */
export interface TwoBaOptions {
  /** @defaultValue 'https://authorize.2ba.nl' */
  readonly authority?: string;
  /** The token endpoint's path; `/connect/token` is the newer one. @defaultValue '/OAuth/Token' */
  readonly tokenPath?: string;
}

/**
 * 2BA, the Dutch installation sector's product data (2ba.nl).
 *
 * Refresh tokens work once and end at an unknown time; a 400 means that the user has to log in again, whatever its body says.
 * Access tokens live for 120 seconds. `callback` is never sent, and a JSONP wrapper that something on the way has added is read as text.
 *
 * @throws {@link ConfigurationError} naming the wrong option
 * @see [2BA documentation](https://www.2ba.nl/documentatie/webservices/oauth2)
 * @public
 */
export function twoBa(options: TwoBaOptions = {}): ProviderAdapter {
  const { authority = 'https://authorize.2ba.nl', tokenPath = '/OAuth/Token' } = options;
  assertOptions({ authority: baseUrlComplaint(authority), tokenPath: pathComplaint(tokenPath) });
  const at = endpointsAt(authority);
  return defineProvider({
    name: '2ba',
    endpoints: { token: at(tokenPath), authorize: at('/OAuth/Authorize') },
    grants: ['password', 'refresh_token', 'authorization_code'],
    clientAuthentication: 'client_secret_post',
    request: { neverSend: ['callback'] },
    response: { jsonp: true, expiry: { defaultLifetimeMs: 120_000 } },
    rotation: { refreshTokenReuse: 'strict' },
    errors: { refusedStatuses: [400] },
  });
}
