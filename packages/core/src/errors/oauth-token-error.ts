/** The literal codes of all errors. @public */
export type OAuthTokenErrorCode =
  | 'invalid_configuration'
  | 'registration_not_found'
  | 'reauthorization_required'
  | 'token_unavailable'
  | 'token_endpoint_error'
  | 'origin_not_allowed'
  | 'store_unavailable'
  | 'unseal_failed'
  | 'journal_failed'
  | 'aborted';

/**
 * Base of all errors of this library. Their text names the registration, what happened, what was done and what to do next, and holds no secret.
 *
 * @public
 */
export abstract class OAuthTokenError extends Error {
  abstract readonly code: OAuthTokenErrorCode;
}

/**
 * Whether a value is an error of this library, also across copies of the package.
 *
 * @public
 */
export function isOAuthTokenError(value: unknown): value is OAuthTokenError {
  return hasCode(value, undefined);
}

const CODES: ReadonlySet<unknown> = new Set<OAuthTokenErrorCode>([
  'invalid_configuration',
  'registration_not_found',
  'reauthorization_required',
  'token_unavailable',
  'token_endpoint_error',
  'origin_not_allowed',
  'store_unavailable',
  'unseal_failed',
  'journal_failed',
  'aborted',
]);

/** Whether a value is an error with this code, or with any of ours. @internal */
export function hasCode(value: unknown, code: OAuthTokenErrorCode | undefined): boolean {
  if (!(value instanceof Error) || !('code' in value)) return false;
  return code === undefined ? CODES.has(value.code) : value.code === code;
}
