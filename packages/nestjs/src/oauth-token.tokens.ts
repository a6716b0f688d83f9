import { Inject } from '@nestjs/common';

/**
 * The injection token of a registration's `HttpService`, as provided by `OAuthTokenModule.forFeature`.
 *
 * @public
 */
export const getOAuthHttpToken = (registrationId: string): string => `OAuthHttp_${registrationId}`;

/**
 * The injection token of a registration's token source, as provided by `OAuthTokenModule.forFeature`.
 *
 * @public
 */
export const getTokenSourceToken = (registrationId: string): string =>
  `OAuthTokenSource_${registrationId}`;

/**
 * Injects the `HttpService` whose calls carry the bearer of a registration.
 *
 * @example
 * ```ts
 * constructor(@InjectOAuthHttp('2ba') private readonly http: HttpService) {}
 * ```
 * @public
 */
export const InjectOAuthHttp = (registrationId: string): PropertyDecorator & ParameterDecorator =>
  Inject(getOAuthHttpToken(registrationId));

/**
 * Injects the token source of a registration, for clients other than `HttpService`.
 *
 * @public
 */
export const InjectTokenSource = (registrationId: string): PropertyDecorator & ParameterDecorator =>
  Inject(getTokenSourceToken(registrationId));

/** The clock of the module; tests override it. @public */
export const OAUTH_TOKEN_CLOCK = 'OAuthTokenClock';

/** The source of chance of the module, from 0 (included) to 1 (excluded); tests override it. @public */
export const OAUTH_TOKEN_RANDOM = 'OAuthTokenRandom';

/** The checked options. @internal */
export const RESOLVED_OPTIONS = 'OAuthTokenResolvedOptions';
