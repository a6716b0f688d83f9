import { randomBytes } from 'node:crypto';
import { NO_STORE, type SandboxDialect } from '../dialect.js';
import { expiresIn, readForm, readUser, standardMembers } from '../parameters.js';

/**
 * 2BA: RFC 6749 names, client credentials in the body alone, `bearer` in lower case, a refresh token with a `!` in it,
 * and HTTP 400 for whatever is refused (2BA documentation, "OAuth/Token").
 *
 * @internal
 */
export const twoBaDialect: SandboxDialect = {
  name: '2ba',
  tokenPaths: ['/2ba/OAuth/Token', '/2ba/connect/token'],
  needsClient: true,
  grants: ['password', 'refresh_token'],
  repeatsRefreshToken: true,
  mintAccessToken: () => `gAAAA${randomBytes(24).toString('base64url')}`,
  mintRefreshToken: () => `LwfI!I${randomBytes(24).toString('base64url')}`,

  readTokenCall(request) {
    const parameters = readForm(request);
    return {
      grant: parameters.values.get('grant_type') ?? '',
      ...standardMembers(parameters),
      ...readUser(parameters.values),
    };
  },

  renderTokens: (tokens) => ({
    status: 200,
    headers: NO_STORE,
    body: {
      access_token: tokens.accessToken,
      token_type: 'bearer',
      expires_in: expiresIn(tokens),
      refresh_token: tokens.refreshToken,
    },
  }),

  renderError: (error) => ({ status: 400, headers: NO_STORE, body: { error } }),
};
