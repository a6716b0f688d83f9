import { randomBytes } from 'node:crypto';
import { NO_STORE, type RawRequest, type SandboxDialect } from '../dialect.js';
import {
  expiresIn,
  formDecode,
  optional,
  readBasic,
  readForm,
  readUser,
  standardMembers,
} from '../parameters.js';

/** Client credentials come in the header or in the body, never in both (RFC 6749, section 2.3). */
const readClient = (
  request: RawRequest,
  body: { readonly clientId?: string; readonly clientSecret?: string },
): { clientId?: string; clientSecret?: string; malformed?: string } => {
  const basic = readBasic(request);
  if (basic === undefined) return body;
  const clientId = formDecode(basic.name);
  const clientSecret = formDecode(basic.password);
  if (body.clientSecret !== undefined || (body.clientId ?? clientId) !== clientId) {
    return { malformed: 'client credentials come in the header and in the body' };
  }
  return { ...optional('clientId', clientId), ...optional('clientSecret', clientSecret) };
};

/**
 * A server by the book: RFC 6749 with Basic or body client authentication, RFC 7009 revocation, standard Base64 tokens so that
 * `+`, `/` and `=` must be encoded. A refresh that does not rotate leaves the refresh token out.
 *
 * @internal
 */
export const oidcDialect: SandboxDialect = {
  name: 'oidc',
  tokenPaths: ['/oidc/token'],
  revocationPath: '/oidc/revoke',
  needsClient: true,
  grants: ['password', 'client_credentials', 'refresh_token'],
  repeatsRefreshToken: false,
  mintAccessToken: () => randomBytes(31).toString('base64'),
  mintRefreshToken: () => `+/${randomBytes(31).toString('base64')}`,

  readTokenCall(request) {
    const parameters = readForm(request);
    const { clientId, clientSecret, ...others } = standardMembers(parameters);
    const inBody = { ...optional('clientId', clientId), ...optional('clientSecret', clientSecret) };
    return {
      grant: parameters.values.get('grant_type') ?? '',
      ...readUser(parameters.values),
      ...readClient(request, inBody),
      ...others,
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
      scope: tokens.owner.scope,
    },
  }),

  renderError: (error, description) => ({
    status: error === 'invalid_client' ? 401 : 400,
    headers: {
      ...NO_STORE,
      ...(error === 'invalid_client' ? { 'www-authenticate': 'Basic realm="sandbox"' } : {}),
    },
    body: { error, error_description: description },
  }),

  renderRevoked: () => ({ status: 200, headers: NO_STORE, body: '' }),
};

/**
 * The metadata of the standard server, for discovery.
 *
 * @see [OpenID Connect Discovery 1.0, section 4](https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig)
 * @internal
 */
export function oidcMetadata(origin: string): object {
  const issuer = `${origin}/oidc`;
  return {
    issuer,
    token_endpoint: `${issuer}/token`,
    revocation_endpoint: `${issuer}/revoke`,
    grant_types_supported: ['password', 'client_credentials', 'refresh_token'],
    response_types_supported: [],
    subject_types_supported: ['public'],
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
    id_token_signing_alg_values_supported: ['RS256'],
  };
}
