import { randomBytes, randomUUID } from 'node:crypto';
import { type FamilyOwner, NO_STORE, type SandboxDialect } from '../dialect.js';
import { optional, readForm, readUser } from '../parameters.js';

/** The enum values of `grantType` that Veeam Backup for Nutanix AHV documents, exactly spelt. */
const GRANTS = new Map([
  ['Password', 'password'],
  ['RefreshToken', 'refresh_token'],
]);

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** The JWTs of the real system tell other lifetimes than its answers do; so do these: a client must go by the answer. */
const JWT_LIFETIME_SECONDS = { access: 900, refresh: 1_209_600 };

const jwt = (owner: FamilyOwner, now: number, audience: 'access' | 'refresh'): string => {
  const issuedAt = Math.floor(now / 1000);
  const claims = {
    unique_name: owner.subject,
    token_id: randomUUID(),
    short_term_expiration: 'False',
    nbf: issuedAt,
    exp: issuedAt + JWT_LIFETIME_SECONDS[audience],
    iat: issuedAt,
    aud: audience,
  };
  return `${part({ alg: 'RS512', typ: 'JWT' })}.${part(claims)}.${randomBytes(32).toString('base64url')}`;
};

/** A time as .NET writes it, with seven digits of a second. */
const dotNetTime = (epochMs: number): string =>
  `${new Date(epochMs).toISOString().slice(0, -1)}6152Z`;

/**
 * Veeam Backup for Nutanix AHV: no client, camelCase parameters, a camelCase answer to the login and a mixed one to the
 * refresh, absolute expiry times and no lifetime (REST API reference, "Requesting Authorization", "Using Refresh Token").
 *
 * @internal
 */
export const veeamDialect: SandboxDialect = {
  name: 'veeam',
  tokenPaths: ['/veeam/api/oauth2/token'],
  needsClient: false,
  grants: ['password', 'refresh_token'],
  repeatsRefreshToken: true,
  mintAccessToken: (owner, now) => jwt(owner, now, 'access'),
  mintRefreshToken: (owner, now) => jwt(owner, now, 'refresh'),

  readTokenCall(request) {
    const { values, malformed } = readForm(request);
    const grantType = values.get('grantType');
    return {
      grant: grantType === undefined ? '' : (GRANTS.get(grantType) ?? `grantType=${grantType}`),
      ...readUser(values, 'userName'),
      ...optional('refreshToken', values.get('refreshToken')),
      ...optional('malformed', malformed),
    };
  },

  renderTokens(tokens, call, clockOffsetMs) {
    const { accessToken, refreshToken, expiresAt, refreshTokenExpiresAt } = tokens;
    const times = {
      accessTokenExpiresAt: dotNetTime(expiresAt + clockOffsetMs),
      ...(refreshTokenExpiresAt === undefined
        ? {}
        : { refreshTokenExpiresAt: dotNetTime(refreshTokenExpiresAt + clockOffsetMs) }),
    };
    const pair =
      call.grant === 'refresh_token'
        ? { access_token: accessToken, refresh_token: refreshToken }
        : { accessToken, refreshToken };
    return { status: 200, headers: NO_STORE, body: { ...pair, ...times } };
  },

  // The documentation names 400 and 401 and no body; clients must not read one.
  renderError: (error, description, call) => ({
    status: error === 'invalid_grant' && call.grant === 'password' ? 401 : 400,
    headers: NO_STORE,
    body: { message: description },
  }),
};
