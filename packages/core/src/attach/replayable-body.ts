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
    data instanceof FormData
  );
}
