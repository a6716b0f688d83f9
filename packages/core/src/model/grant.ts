/**
 * How tokens are asked for, with the credentials that it takes.
 *
 * @see [RFC 6749, section 4](https://www.rfc-editor.org/rfc/rfc6749#section-4)
 * @public
 */
export type Grant =
  PasswordGrant | ClientCredentialsGrant | RefreshTokenGrant | AuthorizationCodeGrant;

/** The wire name of a grant. @public */
export type GrantType = Grant['type'];

/** Resource owner password credentials, RFC 6749 section 4.3. @public */
export interface PasswordGrant {
  readonly type: 'password';
  readonly username: string;
  readonly password: string;
}

/** Client credentials, RFC 6749 section 4.4. @public */
export interface ClientCredentialsGrant {
  readonly type: 'client_credentials';
}

/** A refresh token, RFC 6749 section 6. @public */
export interface RefreshTokenGrant {
  readonly type: 'refresh_token';
  readonly refreshToken: string;
}

/** Authorization code, RFC 6749 section 4.1.3, with the verifier of RFC 7636. @public */
export interface AuthorizationCodeGrant {
  readonly type: 'authorization_code';
  readonly code: string;
  readonly redirectUri?: string;
  readonly codeVerifier?: string;
}

/**
 * Logs in with a user's name and password.
 *
 * @public
 */
export function passwordGrant(credentials: { username: string; password: string }): PasswordGrant {
  return { type: 'password', username: credentials.username, password: credentials.password };
}

/**
 * Logs in as the client itself.
 *
 * @public
 */
export function clientCredentialsGrant(): ClientCredentialsGrant {
  return { type: 'client_credentials' };
}

/**
 * Starts from a refresh token that was obtained elsewhere. The same one is never sent twice: after that the stored
 * successor counts, and only a different one is a new login.
 *
 * @public
 */
export function refreshTokenGrant(seed: { refreshToken: string }): RefreshTokenGrant {
  return { type: 'refresh_token', refreshToken: seed.refreshToken };
}

/**
 * Redeems an authorization code.
 *
 * @public
 */
export function authorizationCodeGrant(
  answer: Omit<AuthorizationCodeGrant, 'type'>,
): AuthorizationCodeGrant {
  return { type: 'authorization_code', ...answer };
}
