import type { WaitAbortedError } from '../errors/errors.js';
import { isOAuthTokenError } from '../errors/oauth-token-error.js';

/** Whether the wait for a token was ended by its caller. @internal */
export const isWaitAbortedError = (error: unknown): error is WaitAbortedError =>
  isOAuthTokenError(error) && error.code === 'aborted';
