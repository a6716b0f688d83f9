import type { Keyring, RecordBody } from '@oauth-token/core';
import { type PackedTokens, packTokens, unpackTokens } from './token-packing.js';

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
  isOutdated: (sealed) => !keyring.isPrimary(sealed),
});

/**
 * What a body is bound to: a body under another id or of another login does not open.
 *
 * @internal
 */
export const contextOf = (id: string, epoch: string): string => `otm1|${id}|${epoch}`;

/** How many bytes say how long the head is. */
const HEAD_LENGTH = 4;

/** The part of a body that is JSON; the long members of its tokens follow packed. */
interface Head extends Omit<RecordBody, 'tokens'> {
  readonly tokens?: PackedTokens;
}

/** Packs, then seals. @internal */
export function sealBody(sealer: BodySealer, { key, tokens }: RecordBody, context: string): Buffer {
  const { bytes = [], ...packed } = tokens === undefined ? {} : packTokens(tokens);
  const head = JSON.stringify(tokens === undefined ? { key } : { key, tokens: packed });
  const length = Buffer.byteLength(head);
  const front = Buffer.allocUnsafe(HEAD_LENGTH + length);
  front.writeUInt32BE(length);
  front.write(head, HEAD_LENGTH);
  return sealer.seal(Buffer.concat([front, ...bytes]), context);
}

/** @throws {@link SealError} */
export function openBody(sealer: BodySealer, sealed: Uint8Array, context: string): RecordBody {
  const plaintext = sealer.open(sealed, context);
  const end = HEAD_LENGTH + plaintext.readUInt32BE();
  const { key, tokens } = JSON.parse(plaintext.toString('utf8', HEAD_LENGTH, end)) as Head;
  return tokens === undefined
    ? { key }
    : { key, tokens: unpackTokens(tokens, plaintext.subarray(end)) };
}
