import { defineProvider, type ProviderAdapter } from '@oauth-token/core';
import { assertOptions, baseUrlComplaint, endpointsAt, headerComplaint } from './option-checks.js';

/** Which EmpowerID server, and what it wants besides. @public */
export interface EmpowerIdOptions {
  /** The server, such as `https://sso.example.com`. */
  readonly baseUrl: string;
  /** The application's API key, which older and hosted servers want on token and API calls. */
  readonly apiKey?: string;
}

/** The `id` of an answer that names nobody. */
const NO_ID = '00000000-0000-0000-0000-000000000000';

/**
 * EmpowerID.
 *
 * The password grant carries the user in a Basic header and the client in the body. Answers may say `"null"` where they mean
 * nothing. Lifetimes are seconds, also where they are as large as 3,600,000. The person's `id` is kept with the tokens.
 *
 * @throws {@link ConfigurationError} naming every wrong option
 * @see [EmpowerID developer guide](https://iga-docs.empowerid.com/docs/developer-guide/web-api)
 * @public
 */
export function empowerId(options: EmpowerIdOptions): ProviderAdapter {
  const { baseUrl, apiKey } = options;
  assertOptions({
    baseUrl: baseUrlComplaint(baseUrl),
    apiKey: apiKey === undefined ? undefined : headerComplaint(apiKey),
  });
  const at = endpointsAt(baseUrl);
  const keyHeader = apiKey === undefined ? {} : { 'x-empowerid-api-key': { secret: apiKey } };
  return defineProvider({
    name: 'empowerid',
    endpoints: {
      token: at('/oauth/v2/token'),
      authorize: at('/oauth/v2/ui/authorize'),
      revoke: at('/oauth/v2/tokenrevoke'),
      introspect: at('/oauth/v2/tokeninfo'),
      userinfo: at('/oauth/v2/userinfo'),
    },
    grants: ['password', 'refresh_token', 'authorization_code', 'client_credentials'],
    clientAuthentication: 'client_secret_post',
    request: {
      userCredentials: 'basicHeader',
      headers: { 'cache-control': 'no-cache', ...keyHeader },
    },
    response: {
      absentValues: [NO_ID],
      extras: ['id'],
      expiry: { defaultLifetimeMs: 3_600_000 },
    },
    rotation: { refreshTokenReuse: 'strict' },
    errors: { refusedStatuses: [400, 401] },
    attach: { headers: keyHeader },
  });
}
