import type { TokenSource } from '../access/token-source.js';
import type { OAuthCallOptions, OAuthCallPolicy } from './attach-options.js';
import type { CallAuthorizer } from './call-authorizer.js';
import { decideRequest } from './call-policy.js';
import { FetchCall, type FetchSetup } from './fetch-call.js';
import { type GivenHeaders, hasAuthorization } from './request-headers.js';
import { toCallAuthorizer } from './token-source-authorizer.js';

/** The options of one fetch, with what it asks of its token; `oauth: false` keeps the library out of it. @public */
export type OAuthRequestInit = RequestInit & {
  readonly oauth?: OAuthCallOptions | false | undefined;
};

/** A `fetch` that attaches bearers. @public */
export type OAuthFetch = (
  input: string | URL | Request,
  init?: OAuthRequestInit,
) => Promise<Response>;

/** How bearers are put on the calls of a fetch. @public */
export interface OAuthFetchOptions extends OAuthCallPolicy {
  /** What sends the requests. @defaultValue the platform's `fetch`, looked up with each call */
  readonly fetch?: typeof fetch;
}

/**
 * Makes a `fetch` that puts the bearer of a token source on every call, and sends a call once more when its token was
 * refused and the body can be replayed.
 *
 * Redirects are followed by hand, by fetch's own rules: the bearer rides on within the allowed origins and no further.
 * Calls with an `Authorization` of their own and calls with `oauth: false` are left alone. The body of a `Request` counts as
 * a stream; give `oauth.body` to have it sent again.
 *
 * The result rejects with {@link OriginNotAllowedError} and the errors of the source as they are, else as fetch does;
 * {@link attemptsOf} and {@link isRetryable} tell of a response what became of its call.
 *
 * @param source - of a registration, or any token source together with `options.allowedOrigins`
 * @throws {@link ConfigurationError} when the allowed origins are missing or wrong
 * @public
 */
export function createOAuthFetch(
  source: CallAuthorizer | TokenSource,
  options: OAuthFetchOptions = {},
): OAuthFetch {
  const setup: FetchSetup = {
    source: toCallAuthorizer(source, options.allowedOrigins),
    send: options.fetch ?? ((input, init) => fetch(input, init)),
    onForeignRedirect: options.onForeignRedirect ?? 'strip',
  };
  // Fetch takes no notice of members that it does not know: `oauth` need not be taken out.
  return (input, init = {}) => {
    const { oauth } = init;
    const headers = init.headers ?? (input instanceof Request ? input.headers : undefined);
    const ownCredentials = hasAuthorization(headers as GivenHeaders);
    if (decideRequest({ optedOut: oauth === false, ownCredentials }) === 'pass') {
      return setup.send(input, init);
    }
    return new FetchCall(setup, input, init, oauth || undefined).send();
  };
}
