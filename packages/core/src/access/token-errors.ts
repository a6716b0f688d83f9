import {
  ReauthorizationRequiredError,
  TokenUnavailableError,
  WaitAbortedError,
} from '../errors/errors.js';
import type { TokenKey } from '../model/token-key.js';
import type { RenewalResult } from '../refresh/renewal.js';

/** The error for a caller whose renewal did not end in time. @internal */
export function lateError(
  { registrationId, subject }: TokenKey,
  maxWaitMs: number,
): TokenUnavailableError {
  const reason = `its renewal has not ended within ${maxWaitMs} ms; it goes on in the background.`;
  return new TokenUnavailableError({ registrationId, subject, outcome: 'waiting', reason });
}

/** The error for a token that took longer to come than it lives. @internal */
export function endedError({ registrationId, subject }: TokenKey): TokenUnavailableError {
  const reason = 'the token that came had ended by the time it was there.';
  return new TokenUnavailableError({ registrationId, subject, outcome: 'transient', reason });
}

/** The error for a caller whose token could not be renewed. @internal */
export function toError(
  { registrationId, subject }: TokenKey,
  result: Exclude<RenewalResult, { outcome: 'refreshed' }>,
): ReauthorizationRequiredError | TokenUnavailableError {
  const { outcome, code, message, since, nextTryAt } = result;
  const reason = `${message} (${code})`;
  if (outcome === 'reauthorizationRequired') {
    return new ReauthorizationRequiredError({ registrationId, subject, reason });
  }
  return new TokenUnavailableError({
    registrationId,
    subject,
    outcome: outcome === 'busy' ? 'waiting' : outcome,
    reason,
    since,
    nextTryAt,
  });
}

/**
 * What a wait brought.
 *
 * @throws {@link WaitAbortedError} when its caller's signal ended it
 * @internal
 */
export async function unlessAborted<T>(
  { registrationId }: TokenKey,
  waiting: Promise<T | 'aborted'>,
): Promise<T> {
  const result = await waiting;
  if (result === 'aborted') throw new WaitAbortedError(registrationId);
  return result;
}
