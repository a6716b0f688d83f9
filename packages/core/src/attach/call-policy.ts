import type { ApiResponse } from '../provider/provider-adapter.js';
import { asksForMoreThanToken } from './challenge.js';

/**
 * What to do with a request: `pass` it on as it is, or `attach` credentials (and refuse it where those may not go).
 *
 * @internal
 */
export type RequestDecision = 'pass' | 'attach';

/** Calls that are opted out, or bring an `Authorization` of their own, are their caller's. @internal */
export function decideRequest(facts: {
  readonly optedOut: boolean;
  readonly ownCredentials: boolean;
}): RequestDecision {
  return facts.optedOut || facts.ownCredentials ? 'pass' : 'attach';
}

/**
 * What to do with an answer: `return` it, `renew` the token that it refuses, or read the beginning of its `body` to know.
 *
 * @internal
 */
export type AnswerDecision = 'return' | 'renew' | 'body';

/** What is known of an answer. @internal */
export interface AnswerFacts {
  readonly answer: ApiResponse;
  /** Whether the provider takes it for a refusal of the access token. */
  readonly rejected: boolean;
  /** Whether the provider tells refusals with this status by their body. */
  readonly toldByBody: boolean;
  /** Whether the last hop carried the bearer: else its answer says nothing about the token. */
  readonly bearerSent: boolean;
  /** Whether this is the answer to a resend: there is one and no more. */
  readonly resent: boolean;
}

/** Challenges that ask for a wider scope or a stronger login are the caller's to see (RFC 6750, RFC 9470). @internal */
export function decideAnswer(facts: AnswerFacts): AnswerDecision {
  const { answer, rejected, toldByBody, bearerSent, resent } = facts;
  if (resent || !bearerSent || !(rejected || toldByBody)) return 'return';
  if (asksForMoreThanToken(answer.headers['www-authenticate'])) return 'return';
  return rejected ? 'renew' : 'body';
}

/**
 * What to do once there are other credentials: `resend` the call with them, or `surface` the API's own answer.
 *
 * @internal
 */
export type ResendDecision = 'resend' | 'surface';

/** A spent body, a caller who wants no resend, and the very token that was refused are no reason to send again. @internal */
export function decideResend(facts: {
  readonly replayable: boolean;
  readonly retry: boolean;
  readonly sameToken: boolean;
}): ResendDecision {
  return facts.replayable && facts.retry && !facts.sameToken ? 'resend' : 'surface';
}
