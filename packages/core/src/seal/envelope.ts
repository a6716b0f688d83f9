import { isKid } from './sealing-keys.js';
import { SealError } from './seal-error.js';

/** The length of an AES-GCM nonce, bytes (NIST SP 800-38D, section 5.2.1.1). @internal */
export const NONCE_BYTES = 12;

/** The length of an authentication tag, bytes; shorter ones are never accepted. @internal */
export const TAG_BYTES = 16;

const FORMAT_VERSION = 1;

/** The parts of sealed bytes. @internal */
export interface Envelope {
  readonly kid: string;
  /** Version and key id, as they stand at the front: authenticated, not encrypted. */
  readonly header: Buffer;
  readonly nonce: Buffer;
  readonly ciphertext: Buffer;
  readonly tag: Buffer;
}

/**
 * The front of an envelope: one byte of format version, one of the key id's length, the key id.
 *
 * @internal
 */
export function envelopeHeader(kid: string): Buffer {
  const name = Buffer.from(kid, 'latin1');
  return Buffer.concat([Buffer.of(FORMAT_VERSION, name.length), name]);
}

/**
 * Takes sealed bytes apart: header, nonce, ciphertext, tag.
 *
 * @throws {@link SealError} `malformed` when they are not an envelope of this version
 * @internal
 */
export function readEnvelope(sealed: Uint8Array): Envelope {
  const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
  const headerEnd = 2 + (bytes[1] ?? 0);
  const nonceEnd = headerEnd + NONCE_BYTES;
  const tagStart = bytes.length - TAG_BYTES;
  const kid = bytes.toString('latin1', 2, headerEnd);
  if (bytes[0] !== FORMAT_VERSION || tagStart < nonceEnd || !isKid(kid)) {
    throw new SealError('malformed');
  }
  return {
    kid,
    header: bytes.subarray(0, headerEnd),
    nonce: bytes.subarray(headerEnd, nonceEnd),
    ciphertext: bytes.subarray(nonceEnd, tagStart),
    tag: bytes.subarray(tagStart),
  };
}
