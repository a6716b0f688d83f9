/** The authorization servers that the sandbox plays. @public */
export type DialectName = '2ba' | 'veeam' | 'empowerid' | 'oidc';

/** Every dialect, in the order in which they are listed. @public */
export const DIALECT_NAMES: readonly DialectName[] = ['2ba', 'veeam', 'empowerid', 'oidc'];

/** The `error` codes of RFC 6749, section 5.2, that the sandbox answers with. @public */
export type TokenErrorCode =
  'invalid_request' | 'invalid_client' | 'invalid_grant' | 'unsupported_grant_type';

/** A request to a token or revocation endpoint as it came in. @internal */
export interface RawRequest {
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** What goes back over HTTP; an object body is sent as JSON. @internal */
export interface HttpReply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: object | string | null;
}

/** A token request, read, in the words of RFC 6749 whatever the dialect calls them. @internal */
export interface TokenCall {
  /** Wire name of RFC 6749 where the dialect's own maps to one, else as it was sent. */
  readonly grant: string;
  readonly clientId?: string;
  readonly clientSecret?: string;
  readonly user?: { readonly name: string; readonly password: string };
  readonly refreshToken?: string;
  readonly scope?: string;
  /** Whom a client asks to act for, where a dialect knows that. */
  readonly onBehalfOf?: string;
  /** The request is not one that the dialect can read. */
  readonly malformed?: string;
}

/** Whose a family of tokens is. @internal */
export interface FamilyOwner {
  readonly dialect: DialectName;
  readonly clientId?: string;
  readonly subject?: string;
  readonly scope?: string;
}

/** One issued pair. Times are epoch ms on the sandbox's own clock. @internal */
export interface IssuedTokens {
  readonly owner: FamilyOwner;
  readonly accessToken: string;
  readonly issuedAt: number;
  readonly expiresAt: number;
  readonly refreshToken?: string;
  readonly refreshTokenExpiresAt?: number;
}

/** Makes token strings of a dialect's looks. @internal */
export interface TokenMint {
  mintAccessToken(owner: FamilyOwner, now: number): string;
  mintRefreshToken(owner: FamilyOwner, now: number): string;
}

/**
 * How one authorization server speaks. Pure: reads requests and renders answers.
 *
 * @internal
 */
export interface SandboxDialect extends TokenMint {
  readonly name: DialectName;
  readonly tokenPaths: readonly string[];
  readonly revocationPath?: string;
  readonly needsClient: boolean;
  /** By their names in RFC 6749. */
  readonly grants: readonly string[];
  /** Whether a refresh that does not rotate sends the same refresh token again or leaves it out. */
  readonly repeatsRefreshToken: boolean;
  readTokenCall(request: RawRequest): TokenCall;
  /** @param clockOffsetMs - how far the server's clock is from ours */
  renderTokens(tokens: IssuedTokens, call: TokenCall, clockOffsetMs: number): HttpReply;
  renderError(error: TokenErrorCode, description: string, call: TokenCall): HttpReply;
  /** The answer of a revocation endpoint that did its work. */
  renderRevoked?(): HttpReply;
}

/** Answers with tokens or errors are never kept by a cache (RFC 6749, section 5.1). @internal */
export const NO_STORE = { 'cache-control': 'no-store', pragma: 'no-cache' } as const;
