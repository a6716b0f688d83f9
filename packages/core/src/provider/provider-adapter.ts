import type { ClientAuthentication } from '../model/client-authentication.js';
import type { Grant, GrantType } from '../model/grant.js';
import type { TlsOptions } from '../model/client-registration.js';
import type { TokenSet } from '../model/token-set.js';
import type { TokenAnswer } from './token-answer.js';

/**
 * Whether a refresh token survives its use: `strict` (works once; a second use may revoke the family), `{ graceMs }`
 * (may be repeated for so long), or `reusable`. Unknown means strict.
 *
 * @public
 */
export type RefreshTokenReuse = 'strict' | 'reusable' | { readonly graceMs: number };

/** The URLs of an authorization server. @public */
export interface ProviderEndpoints {
  readonly token: string;
  readonly authorize?: string;
  readonly revoke?: string;
  readonly introspect?: string;
  readonly userinfo?: string;
}

/** A request to an authorization server, fully encoded. @public */
export interface TokenHttpRequest {
  readonly method: 'POST' | 'GET';
  readonly url: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Every credential in this request, raw: they are cut out of whatever the server says back. */
  readonly secrets: readonly string[];
}

/** An answer of an authorization server, read as text. @public */
export interface TokenHttpResponse {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What a request is built from, besides the grant. @public */
export interface TokenRequestContext {
  readonly endpoints: ProviderEndpoints;
  readonly clientId?: string;
  readonly clientSecret?: string;
  readonly clientAuthentication: ClientAuthentication;
  /** Of the key, or the registration's. */
  readonly scope?: readonly string[];
  readonly resource?: readonly string[];
  readonly extraParams?: Readonly<Record<string, string>>;
}

/** What an answer is read with. @public */
export interface TokenResponseContext {
  /** The grant that was sent. */
  readonly grant: Grant;
  /** Store time just before the request was sent, epoch ms: every lifetime counts from it. */
  readonly sentAt: number;
}

/** The part of an API's answer that tells whether the access token was refused. @public */
export interface ApiResponse {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * What the library knows of one kind of authorization server. Pure: no member does I/O.
 *
 * @public
 */
export interface ProviderAdapter {
  /** Short name, as in the status and in logs. */
  readonly name: string;
  /** Absent when they are discovered. */
  readonly endpoints?: ProviderEndpoints;
  /** Issuer whose metadata names the endpoints (RFC 8414, OpenID Connect Discovery). */
  readonly issuer?: string;
  /** Whether a `clientId` must be configured. */
  readonly needsClientId: boolean;
  /** How its clients authenticate unless the registration says otherwise. */
  readonly clientAuthentication: ClientAuthentication;
  /** The grants that it takes. */
  readonly grants: readonly GrantType[];
  readonly refreshTokenReuse: RefreshTokenReuse;
  /** Refreshes are refused until so long (ms) before the access token ends. */
  readonly earliestRefreshBeforeExpiryMs?: number;
  /** TLS towards its endpoints, unless the registration says otherwise. */
  readonly tls?: TlsOptions;
  /** The token request of a grant. */
  buildRequest(grant: Grant, context: TokenRequestContext): TokenHttpRequest;
  /** The class of an answer, and its tokens. Never throws. */
  parseResponse(response: TokenHttpResponse, context: TokenResponseContext): TokenAnswer;
  /** The headers that carry the tokens on API calls, lower-case names. */
  attachHeaders(tokens: TokenSet): Readonly<Record<string, string>>;
  /** Whether an API's answer says that the access token is no longer good. */
  isAccessTokenRejected(response: ApiResponse): boolean;
  /** Statuses (400 and above) whose answers tell by their body alone whether they refuse the access token. */
  readonly rejectedBodyStatuses?: readonly number[];
  /**
   * Whether the body of an answer with one of those statuses says that the access token is no longer good. Never throws.
   *
   * @param body - its beginning, at most 64 KiB; the caller still gets it whole
   */
  isAccessTokenRejectedBody?(response: ApiResponse, body: string): boolean;
  /** The request that revokes a token, where the server has an endpoint for it (RFC 7009). */
  buildRevocationRequest?(
    token: { readonly value: string; readonly hint: 'access_token' | 'refresh_token' },
    context: TokenRequestContext,
  ): TokenHttpRequest | undefined;
}
