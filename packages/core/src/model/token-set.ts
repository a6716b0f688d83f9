/**
 * The tokens of one login, as last received.
 *
 * Times are epoch milliseconds on the store's clock. `expiresAt` is {@link NEVER_EXPIRES} for a token without an end.
 *
 * @see [RFC 6749, section 5.1](https://www.rfc-editor.org/rfc/rfc6749#section-5.1)
 * @public
 */
export interface TokenSet {
  /** What goes on API calls; empty when the server answered without a usable one. */
  readonly accessToken: string;
  /** The scheme word as it is sent, `Bearer` for any spelling of it. */
  readonly tokenType: string;
  /** When the request for these tokens was sent: expiry counts from before sending. */
  readonly issuedAt: number;
  /** When the access token ends. */
  readonly expiresAt: number;
  readonly refreshToken?: string;
  /** When the refresh token itself ends, where the server tells. */
  readonly refreshTokenExpiresAt?: number;
  /** The granted scope, where the server tells. */
  readonly scope?: readonly string[];
  /** As received and not validated. */
  readonly idToken?: string;
  /** Further members of the answer that the provider adapter keeps, such as `instance_url`. */
  readonly extras: Readonly<Record<string, unknown>>;
}

/**
 * `expiresAt` of a token without an end: the last time that a `Date` can hold.
 *
 * @public
 */
export const NEVER_EXPIRES = 8.64e15;
