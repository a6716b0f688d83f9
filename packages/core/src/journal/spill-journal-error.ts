import { types } from 'node:util';
import { hasCode, OAuthTokenError } from '../errors/oauth-token-error.js';

/**
 * Why an entry was not kept: `not_writable` (there is no journal), `full` (too much waits for the store), `invalid` (the
 * entry does not fit the format), `failed` (the disk refused), or `closed`.
 *
 * @public
 */
export type SpillJournalErrorReason = 'not_writable' | 'full' | 'invalid' | 'failed' | 'closed';

const ADVICE: Readonly<Record<SpillJournalErrorReason, string>> = {
  not_writable: 'Only the store has the answer.',
  full: 'Bring the store back, or raise maxBytes.',
  invalid: 'Only the store has the answer.',
  failed: 'Free the disk or correct its rights; the journal is used again as soon as it can be.',
  closed: 'Only the store has the answer.',
};

/** The spill journal did not keep an entry. Holds nothing of the entry but the system's error code. @public */
export class SpillJournalError extends OAuthTokenError {
  override readonly name = 'SpillJournalError';
  readonly code = 'journal_failed';

  constructor(
    readonly reason: SpillJournalErrorReason,
    detail: string,
  ) {
    super(`The spill journal did not keep an answer: ${detail}. ${ADVICE[reason]}`);
  }
}

/** Whether a value is a {@link SpillJournalError}, also across copies of the package. @public */
export const isSpillJournalError = (value: unknown): value is SpillJournalError =>
  hasCode(value, 'journal_failed');

/** Why the disk did not keep what it was given. @internal */
export const failedOn = (error: unknown): SpillJournalError =>
  error instanceof SpillJournalError
    ? error
    : new SpillJournalError('failed', `the disk answered ${systemCode(error)}`);

/** The system's code of an error, such as `ENOSPC`; never its text. @internal */
export function systemCode(error: unknown): string {
  const code = types.isNativeError(error) && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]*$/.test(code) ? code : 'unknown error';
}
