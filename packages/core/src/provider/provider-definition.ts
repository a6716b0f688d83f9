import type { ClientAuthentication } from '../model/client-authentication.js';
import type { TlsOptions } from '../model/client-registration.js';
import type { GrantType } from '../model/grant.js';
import type { ProviderEndpoints, RefreshTokenReuse } from './provider-adapter.js';
import type { FailureOutcome } from './token-answer.js';

/** The parameters of token and revocation requests, by their names in RFC 6749, 7009, 7636 and 8707. @public */
export type TokenParameter =
  | 'grant_type'
  | 'username'
  | 'password'
  | 'refresh_token'
  | 'code'
  | 'redirect_uri'
  | 'code_verifier'
  | 'client_id'
  | 'client_secret'
  | 'scope'
  | 'resource'
  | 'token'
  | 'token_type_hint';

/** The value of a fixed header; a secret one is cut out of whatever the server says back. @public */
export type HeaderValue = string | { readonly secret: string };

/** What differs from RFC 6749 in the requests to an authorization server. @public */
export interface ProviderRequestDefinition {
  /** Names on the wire where they differ from the RFC's, such as `grant_type: 'grantType'`. */
  readonly parameterNames?: Readonly<Partial<Record<TokenParameter, string>>>;
  /** Values of the grant type on the wire where they differ, such as `password: 'Password'`. */
  readonly grantValues?: Readonly<Partial<Record<GrantType, string>>>;
  /** Literal parameters that a grant always carries. */
  readonly extraParameters?: Readonly<Partial<Record<GrantType, Readonly<Record<string, string>>>>>;
  /** Names that are never sent, not even when a registration asks for them. */
  readonly neverSend?: readonly string[];
  /**
   * Where name and password of the password grant go. `basicHeader` sends them as they are, in UTF-8; the client then
   * authenticates in the body.
   *
   * @defaultValue 'body'
   */
  readonly userCredentials?: 'body' | 'basicHeader';
  /** Headers of every request to the authorization server. */
  readonly headers?: Readonly<Record<string, HeaderValue>>;
}

/** The members of a token answer that are read. @public */
export type AnswerField =
  | 'accessToken'
  | 'tokenType'
  | 'expiresIn'
  | 'expiresAt'
  | 'refreshToken'
  | 'refreshTokenExpiresIn'
  | 'refreshTokenExpiresAt'
  | 'scope'
  | 'idToken'
  | 'error'
  | 'errorDescription';

/** How long tokens live where the answer does not tell. @public */
export interface ProviderExpiryDefinition {
  /** Lifetime of an access token whose answer holds no usable expiry, ms. @defaultValue 3,600,000 */
  readonly defaultLifetimeMs?: number;
  /** Whether a token without any expiry in its answer lives for the default lifetime or has no end. @defaultValue 'default' */
  readonly withoutExpiry?: 'default' | 'never';
  /** Lifetime of a new refresh token whose answer holds no usable expiry, ms. @defaultValue unknown */
  readonly defaultRefreshTokenLifetimeMs?: number;
}

/** What differs from RFC 6749 in the answers of a token endpoint. @public */
export interface ProviderResponseDefinition {
  /** Take a JSONP wrapper off (as text, nothing is evaluated); a number after the object is the status. @defaultValue false */
  readonly jsonp?: boolean;
  /** Paths (`a.b`) to try for each member, in order; these replace the RFC's names. */
  readonly fields?: Readonly<Partial<Record<AnswerField, readonly string[]>>>;
  /** Strings that mean "no value", beside `''` and `'null'`. */
  readonly absentValues?: readonly string[];
  readonly expiry?: ProviderExpiryDefinition;
  /** Further members (paths) to keep with the tokens; strings, numbers and booleans only. */
  readonly extras?: readonly string[];
}

/** What an authorization server does with refresh tokens. @public */
export interface ProviderRotationDefinition {
  /** @defaultValue 'strict' */
  readonly refreshTokenReuse?: RefreshTokenReuse;
  /** Refreshes are refused until so long (ms) before the access token ends. */
  readonly earliestRefreshBeforeExpiryMs?: number;
}

/** What differs from RFC 6749 in the errors of a token endpoint. @public */
export interface ProviderErrorDefinition {
  /** Classes of `error` codes, beside or instead of the RFC's. */
  readonly codes?: Readonly<Record<string, FailureOutcome>>;
  /** Classes of statuses whose body holds no known code. */
  readonly statuses?: Readonly<Record<number, FailureOutcome>>;
  /**
   * Statuses that refuse a refresh token, a user's login or a code whatever the body says, unless it holds a known code.
   * Client credentials are not meant: their refusal is a matter of the settings.
   */
  readonly refusedStatuses?: readonly number[];
  /** What a person should know about a status. */
  readonly hints?: Readonly<Record<number, string>>;
}

/** How tokens ride on API calls. @public */
export interface ProviderAttachDefinition {
  /** The word before the token in `Authorization`. @defaultValue 'Bearer' */
  readonly scheme?: string;
  /** Further headers of every API call. */
  readonly headers?: Readonly<Record<string, HeaderValue>>;
  /** Statuses of an API that refuse the access token. @defaultValue [401] */
  readonly expiredStatuses?: readonly number[];
}

/**
 * One kind of authorization server as data. What is left out is as in RFC 6749.
 *
 * @public
 */
export interface ProviderDefinition {
  /** Short name, as in the status and in logs. */
  readonly name: string;
  /** Its URLs; may be left out when an `issuer` is given. They are used as they stand. */
  readonly endpoints?: ProviderEndpoints;
  /** Issuer whose metadata names the endpoints. */
  readonly issuer?: string;
  /** TLS towards its endpoints. */
  readonly tls?: TlsOptions;
  /** The grants that it takes. @defaultValue all */
  readonly grants?: readonly GrantType[];
  /** How its clients authenticate unless a registration says otherwise. @defaultValue 'client_secret_basic' */
  readonly clientAuthentication?: ClientAuthentication;
  /** Whether a registration must name a client. @defaultValue true */
  readonly needsClientId?: boolean;
  readonly request?: ProviderRequestDefinition;
  readonly response?: ProviderResponseDefinition;
  readonly rotation?: ProviderRotationDefinition;
  readonly errors?: ProviderErrorDefinition;
  readonly attach?: ProviderAttachDefinition;
}
