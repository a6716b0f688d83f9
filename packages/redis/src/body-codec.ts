import type { Keyring, RecordBody } from '@oauth-token/core';
import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';

/** How bodies are made unreadable, or left readable on purpose. @internal */
export interface BodySealer {
  seal(plaintext: Uint8Array, context: string): Buffer;
  open(sealed: Uint8Array, context: string): Buffer;
  /** Whether it should be sealed anew. */
  isOutdated(sealed: Uint8Array): boolean;
}

/** No sealing: for who said `insecurePlaintext: true`. @internal */
export const PLAINTEXT: BodySealer = {
  seal: (plaintext) => Buffer.from(plaintext),
  open: (sealed) => Buffer.from(sealed),
  isOutdated: () => false,
};

/** Seals with a keyring. @internal */
export const sealedBy = (keyring: Keyring): BodySealer => ({
  seal: (plaintext, context) => keyring.seal(plaintext, context),
  open: (sealed, context) => keyring.open(sealed, context),
  isOutdated: (sealed) => keyring.kidOf(sealed) !== keyring.primaryKid,
});

/** Tokens are random: their alphabet is all that can be gained, and the cheapest way gains it. */
const HUFFMAN_ONLY = { level: 1, strategy: constants.Z_HUFFMAN_ONLY };

/** Larger than any answer that the transport lets through, many times over. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;

/**
 * What a body is bound to: a body under another id or of another login does not open.
 *
 * @internal
 */
export const contextOf = (id: string, epoch: string): string => `otm1|${id}|${epoch}`;

/** Deflates (tokens are base64, which leaves a quarter to gain), then seals. @internal */
export function sealBody(sealer: BodySealer, body: RecordBody, context: string): Buffer {
  return sealer.seal(deflateRawSync(JSON.stringify(body), HUFFMAN_ONLY), context);
}

/** @throws {@link SealError} */
export function openBody(sealer: BodySealer, sealed: Uint8Array, context: string): RecordBody {
  const plaintext = inflateRawSync(sealer.open(sealed, context), {
    maxOutputLength: MAX_BODY_BYTES,
  });
  return JSON.parse(plaintext.toString()) as RecordBody;
}
