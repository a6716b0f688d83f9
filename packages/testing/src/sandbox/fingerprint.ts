import { createHash } from 'node:crypto';

/**
 * The fingerprint by which the sandbox names a token: the first 16 hex digits of its SHA-256.
 *
 * @public
 */
export function sandboxFingerprint(token: string): string {
  return sha256Hex(token).slice(0, 16);
}

/** @internal */
export function sha256Hex(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}
