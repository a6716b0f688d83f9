/** Whose token a call wants, beside the registration; and when it stops waiting. @public */
export interface TokenRequestOptions {
  readonly subject?: string;
  readonly scope?: readonly string[];
  readonly resource?: readonly string[];
  /** Ends the wait, never the renewal. */
  readonly signal?: AbortSignal;
}

/**
 * Where access tokens of one registration come from.
 *
 * @public
 */
export interface TokenSource {
  readonly registrationId: string;
  /** A token that is valid now. */
  getAccessToken(options?: TokenRequestOptions): Promise<string>;
  /** A token other than the one that an API has just refused: the stored one when it differs, else a renewed one. */
  renewRejected(rejected: string, options?: TokenRequestOptions): Promise<string>;
}
