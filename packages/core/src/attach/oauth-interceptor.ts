import type { TokenSource } from '../access/token-source.js';
import { ConfigurationError } from '../errors/errors.js';
import type { OAuthCallPolicy } from './attach-options.js';
import type { CallAuthorizer } from './call-authorizer.js';
import { decideRequest } from './call-policy.js';
import { DispatchCall, type DispatchSetup } from './dispatch-call.js';
import { RedirectNotes } from './dispatch-redirects.js';
import type { Dispatch, DispatchHandler } from './dispatch-types.js';
import { hasAuthorization } from './request-headers.js';
import { toCallAuthorizer } from './token-source-authorizer.js';

/** How bearers are put on the requests of an undici dispatcher. @public */
export interface OAuthInterceptorOptions extends OAuthCallPolicy {
  /**
   * Where a `Client` or `Pool` of undici sends everything, whatever a request says. Without it a request has to say its
   * origin, as those through an `Agent` do.
   */
  readonly origin?: string;
}

/** An interceptor for the `compose` of an undici dispatcher, 7 or later. @public */
export type OAuthInterceptor = <D extends (options: never, handler: never) => boolean>(
  dispatch: D,
) => D;

/**
 * Makes an interceptor for undici dispatchers that puts the bearer of a token source on every request, and sends a request
 * once more when its token was refused and the body can be replayed.
 *
 * A request says whose token it wants with a member `oauth`, as calls of axios do. Requests with an `Authorization` of their
 * own and those with `oauth: false` are left alone. Compose undici's `redirect` and `retry` interceptors after this one: each
 * hop is checked then, and a foreign one goes bare. Errors arrive where the dispatcher's own do; {@link attemptsOf} and
 * {@link isRetryable} tell of what `request` resolves to what became of it.
 *
 * @example
 * ```ts
 * const agent = new Agent().compose(oauthInterceptor(source), interceptors.redirect({ maxRedirections: 5 }));
 * ```
 * @param source - of a registration, or any token source together with `options.allowedOrigins`
 * @throws {@link ConfigurationError} when the allowed origins are missing or wrong
 * @public
 */
export function oauthInterceptor(
  source: CallAuthorizer | TokenSource,
  options: OAuthInterceptorOptions = {},
): OAuthInterceptor {
  const setup: DispatchSetup = {
    source: toCallAuthorizer(source, options.allowedOrigins),
    origin: checkedOrigin(options.origin),
    onForeignRedirect: options.onForeignRedirect ?? 'strip',
    redirects: new RedirectNotes(),
  };
  const intercept = (dispatch: Dispatch): Dispatch => {
    // undici takes no notice of members that it does not know: `oauth` need not be taken out.
    return (request, handler) => {
      requireKnownHandler(handler);
      const ownCredentials = hasAuthorization(request.headers);
      if (decideRequest({ optedOut: request.oauth === false, ownCredentials }) === 'pass') {
        return dispatch(request, handler);
      }
      return new DispatchCall(setup, dispatch, request, handler).start();
    };
  };
  return intercept as unknown as OAuthInterceptor;
}

/** undici 6 speaks to its handlers in another way, and would never be told of a failure. */
function requireKnownHandler(handler: DispatchHandler): void {
  if (typeof handler.onRequestStart === 'function') return;
  const message = 'needs undici 7 or later.';
  throw new ConfigurationError([{ path: 'oauthInterceptor', message }]);
}

function checkedOrigin(origin: string | undefined): string | undefined {
  if (origin === undefined || URL.canParse(origin)) return origin;
  const message = 'is not an origin; write it like https://api.example.com.';
  throw new ConfigurationError([{ path: 'origin', message }]);
}
