import { randomBytes } from 'node:crypto';
import { NO_STORE, type SandboxDialect } from '../dialect.js';
import { expiresIn, optional, readBasic, readFormOrJson, standardMembers } from '../parameters.js';

/**
 * EmpowerID: client credentials in the body, the user of a password grant in a raw Basic header, `id_token: null`, an `id` of
 * zeros, no refresh token for client credentials, and `null` as the answer to a revocation (EmpowerID OAuth documentation).
 *
 * @internal
 */
export const empowerIdDialect: SandboxDialect = {
  name: 'empowerid',
  tokenPaths: ['/empowerid/oauth/v2/token'],
  revocationPath: '/empowerid/oauth/v2/tokenrevoke',
  needsClient: true,
  grants: ['password', 'refresh_token', 'client_credentials'],
  repeatsRefreshToken: true,
  mintAccessToken: () => randomBytes(32).toString('base64url'),
  mintRefreshToken: () => randomBytes(32).toString('base64url'),

  readTokenCall(request) {
    const parameters = readFormOrJson(request);
    const grant = parameters.values.get('grant_type') ?? '';
    return {
      grant,
      ...standardMembers(parameters),
      ...(grant === 'password' ? optional('user', readBasic(request)) : {}),
      ...(grant === 'client_credentials'
        ? optional('onBehalfOf', parameters.values.get('username'))
        : {}),
    };
  },

  renderTokens: (tokens) => ({
    status: 200,
    headers: NO_STORE,
    body: {
      access_token: tokens.accessToken,
      token_type: 'Bearer',
      expires_in: expiresIn(tokens),
      refresh_token: tokens.refreshToken,
      id_token: null,
      id: '00000000-0000-0000-0000-000000000000',
    },
  }),

  renderError: (error, description) => ({
    status: 400,
    headers: NO_STORE,
    body: { error, error_description: description },
  }),

  renderRevoked: () => ({ status: 200, headers: NO_STORE, body: null }),
};
