import type { Grant } from '../model/grant.js';
import { compact } from '../util/compact.js';
import { cleanCode, failureMessage } from './failure-message.js';
import type { ResolvedDefinition } from './resolved-definition.js';
import type { FailedAnswer, FailureOutcome } from './token-answer.js';

/** A failed answer, as far as its class depends on it. @internal */
export interface Failure {
  readonly status: number;
  readonly grant: Grant;
  /** The value of the answer's error member, where it has a meaningful one. */
  readonly error?: unknown;
  /** Our own word for what is wrong, where the server has none. */
  readonly problem?: string | undefined;
  /** What the server says, clean. */
  readonly description?: string | undefined;
  readonly retryAfterMs?: number | undefined;
  /** Credentials that must not show. */
  readonly secrets: readonly string[];
}

/** Statuses that tell by themselves that nothing was processed, whatever the body says. */
const NOT_PROCESSED: ReadonlyMap<number, FailureOutcome> = new Map([
  [408, 'transient'],
  [425, 'transient'],
  [429, 'throttled'],
  [503, 'transient'],
]);

/**
 * What a status means when the body holds no known code. A refusal that nobody can interpret is ours to mend (4xx): the refresh token
 * lives on and a breaker keeps it from being tried without end. All else may have been processed.
 */
function outcomeOfStatus(failure: Failure, definition: ResolvedDefinition): FailureOutcome {
  const { status, grant } = failure;
  const isUsers = grant.type !== 'client_credentials';
  if (isUsers && definition.refusedStatuses.has(status)) return 'reauthorizationRequired';
  return (
    definition.statuses.get(status) ??
    (status >= 400 && status <= 499 ? 'misconfigured' : 'ambiguous')
  );
}

const isRedirect = (status: number): boolean => status >= 300 && status <= 399;

function outcomeOf(failure: Failure, definition: ResolvedDefinition): FailureOutcome {
  const { status, error } = failure;
  if (isRedirect(status)) return 'misconfigured';
  const byStatus = NOT_PROCESSED.get(status);
  if (byStatus !== undefined) return byStatus;
  const byCode = typeof error === 'string' ? definition.codes.get(error) : undefined;
  return byCode ?? outcomeOfStatus(failure, definition);
}

/**
 * The class of a failed answer (RFC 6749, section 5.2, and the definition's own rules), with a code and a sentence that hold no secret.
 *
 * A redirect comes first, then the statuses that say "not processed", then a known code at any status, then the status.
 *
 * @internal
 */
export function classifyFailure(failure: Failure, definition: ResolvedDefinition): FailedAnswer {
  const { status, error, problem, description, retryAfterMs, secrets } = failure;
  const isSuccess = status >= 200 && status <= 299;
  const ownWord = isSuccess ? (problem ?? 'error_in_answer') : `http_${status}`;
  const code = isRedirect(status) ? 'unexpected_redirect' : (cleanCode(error, secrets) ?? ownWord);
  const hint = definition.hints.get(status);
  return compact({
    outcome: outcomeOf(failure, definition),
    code,
    message: failureMessage({ status, code, description, hint }),
    status,
    retryAfterMs,
  });
}
