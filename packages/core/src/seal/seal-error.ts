import { hasCode, OAuthTokenError } from '../errors/oauth-token-error.js';

/**
 * Why sealed bytes did not open: `unknown_key` (sealed with a key that is not in the keyring), `tampered` (the bytes or
 * their context are not those that were sealed), or `malformed` (not the keyring's envelope at all).
 *
 * @public
 */
export type SealErrorReason = 'unknown_key' | 'tampered' | 'malformed';

const TEXTS: Readonly<Record<SealErrorReason, string>> = {
  unknown_key: 'Put that key back behind the first of the sealing keys.',
  tampered:
    'They were changed, moved from where they belong, or sealed with another key of the same id. Nothing of them is used.',
  malformed: 'They are damaged, or not written by this keyring. Nothing of them is used.',
};

/** Sealed bytes could not be opened; there is no value, not an empty one. @public */
export class SealError extends OAuthTokenError {
  override readonly name = 'SealError';
  readonly code = 'unseal_failed';
  readonly reason: SealErrorReason;
  /** The id of the key that sealed them, where the bytes tell. */
  readonly kid: string | undefined;

  constructor(reason: SealErrorReason, kid?: string) {
    const whose = kid === undefined ? '' : ` of key '${kid}'`;
    const what =
      reason === 'unknown_key'
        ? `The sealed bytes need the key '${String(kid)}', which is not in the keyring.`
        : `The sealed bytes${whose} are ${reason}.`;
    super(`${what} ${TEXTS[reason]}`);
    this.reason = reason;
    this.kid = kid;
  }
}

/** Whether a value is a {@link SealError}, also across copies of the package. @public */
export const isSealError = (value: unknown): value is SealError => hasCode(value, 'unseal_failed');
