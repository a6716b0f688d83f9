import type { TokenRequestOptions, TokenSource } from '../access/token-source.js';
import { ConfigurationError, OriginNotAllowedError } from '../errors/errors.js';
import type { CallAuthorizer, CallCredentials } from './call-authorizer.js';
import { allowedOriginProblem, describeOrigin, isOriginAllowed } from './origin-gate.js';

/**
 * The call authorizer of a source: itself, narrowed to `allowedOrigins` if there are any, or one that sends the tokens of a
 * plain source as `Bearer` (RFC 6750, section 2.1) to those origins.
 *
 * @throws {@link ConfigurationError} for a plain source without allowed origins, and for origins that are none
 * @internal
 */
export function toCallAuthorizer(
  source: CallAuthorizer | TokenSource,
  allowedOrigins: readonly string[] | undefined,
): CallAuthorizer {
  if (allowedOrigins !== undefined) checkOrigins(allowedOrigins);
  if ('authorize' in source) {
    return allowedOrigins === undefined ? source : narrowed(source, allowedOrigins);
  }
  if (allowedOrigins !== undefined) return bearerAuthorizer(source, allowedOrigins);
  const message =
    'is missing: a plain token source does not tell where its bearer may go. Name origins such as https://api.example.com.';
  throw new ConfigurationError([{ path: 'allowedOrigins', message }]);
}

function checkOrigins(allowedOrigins: readonly string[]): void {
  const problems = allowedOrigins.flatMap((origin, index) => {
    const message = allowedOriginProblem(origin);
    return message === undefined ? [] : [{ path: `allowedOrigins[${index}]`, message }];
  });
  if (allowedOrigins.length === 0) {
    problems.push({ path: 'allowedOrigins', message: 'is empty: the bearer could go nowhere.' });
  }
  if (problems.length > 0) throw new ConfigurationError(problems);
}

function narrowed(source: CallAuthorizer, origins: readonly string[]): CallAuthorizer {
  const narrow = (credentials: CallCredentials): CallCredentials => ({
    ...credentials,
    allows: (url) => isOriginAllowed(url, origins) && credentials.allows(url),
  });
  const gate = gateOf(source.registrationId, origins);
  return {
    registrationId: source.registrationId,
    getAccessToken: (options) => source.getAccessToken(options),
    renewRejected: (rejected, options) => source.renewRejected(rejected, options),
    authorize: async (url, options) => {
      gate(url);
      return narrow(await source.authorize(url, options));
    },
    reauthorize: async (rejected, url, options) => {
      gate(url);
      return narrow(await source.reauthorize(rejected, url, options));
    },
    isRejected: (response) => source.isRejected(response),
    readsBody: (status) => source.readsBody?.(status) ?? false,
    isRejectedBody: (response, body) => source.isRejectedBody?.(response, body) ?? false,
    accepted: (credentials) => source.accepted?.(credentials),
    retried: (url, status, options) => {
      source.retried(url, status, options);
    },
  };
}

function bearerAuthorizer(source: TokenSource, origins: readonly string[]): CallAuthorizer {
  const gate = gateOf(source.registrationId, origins);
  const credentials = (accessToken: string): CallCredentials => ({
    accessToken,
    headers: { authorization: `Bearer ${accessToken}` },
    allows: (url) => isOriginAllowed(url, origins),
  });
  return {
    registrationId: source.registrationId,
    getAccessToken: (options) => source.getAccessToken(options),
    renewRejected: (rejected, options) => source.renewRejected(rejected, options),
    authorize: async (url: URL, options?: TokenRequestOptions) => {
      gate(url);
      return credentials(await source.getAccessToken(options));
    },
    reauthorize: async (rejected, url, options) => {
      gate(url);
      return credentials(await source.renewRejected(rejected.accessToken, options));
    },
    // A challenge that asks for more than another token is surfaced by the policy.
    isRejected: ({ status }) => status === 401,
    retried: () => undefined,
  };
}

const gateOf =
  (registrationId: string, origins: readonly string[]) =>
  (url: URL): void => {
    if (isOriginAllowed(url, origins)) return;
    throw new OriginNotAllowedError(registrationId, describeOrigin(url), origins);
  };
