import type { TokenRequestOptions, TokenSource } from '../access/token-source.js';
import type { TokenKey } from '../model/token-key.js';
import type { ApiResponse } from '../provider/provider-adapter.js';

/** What one API call carries. @public */
export interface CallCredentials {
  readonly accessToken: string;
  /** Whose it is; the same one is asked for when it is refused. */
  readonly key?: TokenKey;
  /** Lower-case names, the bearer among them. */
  readonly headers: Readonly<Record<string, string>>;
  /** Whether a redirect's target may see them too. */
  allows(url: URL): boolean;
}

/**
 * A token source that also knows where its tokens may go, how they ride, and which answers refuse them.
 *
 * @public
 */
export interface CallAuthorizer extends TokenSource {
  /**
   * Credentials for a call to a final URL.
   *
   * @throws {@link OriginNotAllowedError} when the bearer may not go there; no token is asked for then
   */
  authorize(url: URL, options?: TokenRequestOptions): Promise<CallCredentials>;
  /** The same after `rejected` was refused: with the newest stored token, or a renewed one. */
  reauthorize(
    rejected: CallCredentials,
    url: URL,
    options?: TokenRequestOptions,
  ): Promise<CallCredentials>;
  /** Whether an answer says that the access token is no longer good. */
  isRejected(response: ApiResponse): boolean;
  /** Whether refusals with this status are told by the body alone; statuses below 400 are never asked about. */
  readsBody?(status: number): boolean;
  /**
   * Whether the body of such an answer says that the access token is no longer good.
   *
   * @param body - its beginning, at most 64 KiB
   */
  isRejectedBody?(response: ApiResponse, body: string): boolean;
  /** Tells that an API has taken the token. */
  accepted?(credentials: CallCredentials): void;
  /** Tells that a call was sent again. */
  retried(url: URL, status: number, options?: TokenRequestOptions): void;
}
