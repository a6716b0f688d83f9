import { brotliDecompressSync, gunzipSync, inflateRawSync, inflateSync } from 'node:zlib';
import { systemCode } from './transport-failure.js';

/** The longest body that is read, bytes, also after decompression. @internal */
export const MAX_BODY_BYTES = 64 * 1024;

/** More layers than this only make work. */
const MAX_CODINGS = 3;

/** A body as text, or why there is none. @internal */
export type DecodedBody =
  { readonly text: string } | { readonly problem: 'answer_too_large' | 'undecodable_answer' };

/**
 * Undoes the content codings of a whole body and reads it as UTF-8, within {@link MAX_BODY_BYTES} at every layer.
 *
 * @see [RFC 9110, section 8.4](https://www.rfc-editor.org/rfc/rfc9110#section-8.4)
 * @internal
 */
export function decodeBody(body: Buffer, contentEncoding: string | undefined): DecodedBody {
  const codings = (contentEncoding ?? '')
    .split(',')
    .map((coding) => coding.trim().toLowerCase())
    .filter((coding) => coding !== '' && coding !== 'identity');
  if (codings.length > MAX_CODINGS) return { problem: 'undecodable_answer' };
  let bytes = body;
  try {
    // Codings are named in the order in which they were applied.
    if (body.length > 0) for (const coding of codings.reverse()) bytes = decompress(coding, bytes);
  } catch (error) {
    const tooLarge = systemCode(error, '') === 'ERR_BUFFER_TOO_LARGE';
    return { problem: tooLarge ? 'answer_too_large' : 'undecodable_answer' };
  }
  return { text: new TextDecoder().decode(bytes) };
}

/** Throws when the bytes are not of that coding, or their content is too large. */
function decompress(coding: string, bytes: Buffer): Buffer {
  const limit = { maxOutputLength: MAX_BODY_BYTES };
  switch (coding) {
    case 'gzip':
    case 'x-gzip':
      return gunzipSync(bytes, limit);
    case 'br':
      return brotliDecompressSync(bytes, limit);
    case 'deflate':
      // Some servers leave out the zlib wrapper (RFC 9110, section 8.4.1.2); its first byte always holds method 8.
      return ((bytes[0] ?? 0) & 0x0f) === 8
        ? inflateSync(bytes, limit)
        : inflateRawSync(bytes, limit);
    default:
      throw new TypeError('unknown content coding');
  }
}
