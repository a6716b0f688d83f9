/**
 * Tokens as an answer brought them. What is absent stays as it was: an adapter leaves out a refresh token that is missing, null or empty.
 *
 * @public
 */
export interface ReceivedTokens {
  /** Absent when the answer held none that can be used. */
  readonly accessToken?: string;
  /** `Bearer` unless the server said otherwise. */
  readonly tokenType: string;
  /** The context's `sentAt`. */
  readonly issuedAt: number;
  /** Epoch ms on the store's clock. */
  readonly expiresAt: number;
  readonly refreshToken?: string;
  readonly refreshTokenExpiresAt?: number;
  readonly scope?: readonly string[];
  readonly idToken?: string;
  readonly extras: Readonly<Record<string, unknown>>;
}

/**
 * The classes of a failed token request:
 * `transient` (not processed: refused, 429 aside), `throttled` (pause the whole provider), `ambiguous` (may have been processed),
 * `tooEarly` (the present token is still good), `misconfigured` (ours to mend; tokens live on), `reauthorizationRequired` (the grant is dead).
 *
 * @public
 */
export type FailureOutcome =
  | 'transient'
  | 'throttled'
  | 'ambiguous'
  | 'tooEarly'
  | 'misconfigured'
  | 'reauthorizationRequired';

/** A failed token request, without secrets. @public */
export interface FailedAnswer {
  readonly outcome: FailureOutcome;
  /** The server's `error` code, or our own word in its style, such as `unexpected_redirect`. */
  readonly code: string;
  /** A sentence for a person; text of the server is cleaned and cut. */
  readonly message: string;
  /** HTTP status, where there was an answer. */
  readonly status?: number;
  /** How long the server asks to wait, ms, not clamped yet. */
  readonly retryAfterMs?: number;
}

/**
 * What an answer of a token endpoint means.
 *
 * @public
 */
export type TokenAnswer =
  | {
      readonly outcome: 'refreshed';
      readonly tokens: ReceivedTokens;
      /** What is wrong with the answer although its refresh token must be kept: the access token is not usable. */
      readonly defect?: FailedAnswer;
    }
  | FailedAnswer;
