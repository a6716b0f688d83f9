import { ConfigurationError } from '../errors/errors.js';
import type { TokenSet } from '../model/token-set.js';
import { compact } from '../util/compact.js';
import { definitionProblems } from './definition-problems.js';
import type { ApiResponse, ProviderAdapter } from './provider-adapter.js';
import type { ProviderDefinition } from './provider-definition.js';
import { resolveDefinition, type ResolvedDefinition } from './resolved-definition.js';
import type { TokenAnswer } from './token-answer.js';
import { readTokenAnswer } from './token-answer-reading.js';
import { buildRevocationRequest, buildTokenRequest } from './token-request.js';

/** A refusal for lack of a stronger login, which a new token of the same login cannot mend (RFC 9470, section 3). */
const NEEDS_STRONGER_LOGIN = /error="?insufficient_user_authentication/i;

function isAccessTokenRejected(definition: ResolvedDefinition, response: ApiResponse): boolean {
  if (!definition.expiredStatuses.has(response.status)) return false;
  return !NEEDS_STRONGER_LOGIN.test(response.headers['www-authenticate'] ?? '');
}

/** An answer that could not be read for a reason of our own; it may have been processed. */
const unreadable = (status: number): TokenAnswer => ({
  outcome: 'ambiguous',
  code: 'unreadable_answer',
  message: `The token endpoint answered with status ${status} and something that cannot be read.`,
  status,
});

/**
 * Makes a provider adapter of a definition, which is mostly data: everything that it leaves out is as in RFC 6749.
 *
 * `buildRequest` throws {@link ConfigurationError} for a grant that the provider does not take; `parseResponse` never throws.
 *
 * @throws {@link ConfigurationError} naming every wrong setting by its path
 * @public
 */
export function defineProvider(definition: ProviderDefinition): ProviderAdapter {
  const problems = definitionProblems(definition);
  if (problems.length > 0) throw new ConfigurationError(problems);
  const resolved = resolveDefinition(definition);
  const { endpoints, issuer, tls, rotation = {} } = definition;
  return compact({
    name: resolved.name,
    endpoints,
    issuer,
    needsClientId: definition.needsClientId ?? true,
    clientAuthentication: definition.clientAuthentication ?? 'client_secret_basic',
    grants: resolved.grants,
    refreshTokenReuse: rotation.refreshTokenReuse ?? 'strict',
    earliestRefreshBeforeExpiryMs: rotation.earliestRefreshBeforeExpiryMs,
    tls,
    ...behaviourOf(resolved),
  });
}

type Behaviour = Required<
  Pick<
    ProviderAdapter,
    | 'buildRequest'
    | 'parseResponse'
    | 'attachHeaders'
    | 'isAccessTokenRejected'
    | 'buildRevocationRequest'
  >
>;

function behaviourOf(resolved: ResolvedDefinition): Behaviour {
  return {
    buildRequest: (grant, context) => buildTokenRequest(resolved, grant, context),
    parseResponse(response, context) {
      try {
        return readTokenAnswer(resolved, response, context);
      } catch {
        return unreadable(response.status);
      }
    },
    attachHeaders: (tokens: TokenSet) => ({
      ...resolved.attachHeaders,
      authorization: `${resolved.scheme} ${tokens.accessToken}`,
    }),
    isAccessTokenRejected: (response) => isAccessTokenRejected(resolved, response),
    buildRevocationRequest: (token, context) => buildRevocationRequest(resolved, token, context),
  };
}
