import { isAnyArrayBuffer } from 'node:util/types';

/**
 * Whether a request body can be sent a second time: what is read without being used up.
 *
 * Streams and the `form-data` package's forms are spent by the first request.
 *
 * @param data - the body after the request transforms
 * @internal
 */
export function isReplayableBody(data: unknown): boolean {
  return (
    data === undefined ||
    data === null ||
    typeof data === 'string' ||
    isAnyArrayBuffer(data) ||
    ArrayBuffer.isView(data) ||
    data instanceof URLSearchParams ||
    data instanceof Blob ||
    isWebForm(data)
  );
}

/** A WHATWG form, also that of another copy of undici; the `form-data` package's call themselves the same, but are streams. */
function isWebForm(data: unknown): boolean {
  if (data instanceof FormData) return true;
  const form = data as { [Symbol.toStringTag]?: unknown; entries?: unknown; pipe?: unknown };
  const named = form[Symbol.toStringTag] === 'FormData';
  return named && typeof form.entries === 'function' && form.pipe === undefined;
}
