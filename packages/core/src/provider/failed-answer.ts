import type { FailedAnswer, FailureOutcome } from './token-answer.js';

/**
 * A failure that the library itself found, in the form of an answer.
 *
 * @internal
 */
export const failedAnswer = (
  outcome: FailureOutcome,
  code: string,
  message: string,
): FailedAnswer => ({ outcome, code, message });
