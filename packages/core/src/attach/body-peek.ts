import type { AxiosResponse } from 'axios';
import { Readable } from 'node:stream';

/** The most of a body that is looked at, bytes. @internal */
export const MOST_PEEKED = 65_536;

const decode = (chunks: readonly Uint8Array[]): string =>
  Buffer.concat(chunks).subarray(0, MOST_PEEKED).toString();

/**
 * The beginning of a fetch response's body as text; the response is left whole.
 *
 * @internal
 */
export async function peekBody(response: Response): Promise<string> {
  const { body } = response.clone();
  if (body === null) return '';
  const reader = (body as ReadableStream<Uint8Array>).getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  const ignore = (): undefined => undefined;
  while (length < MOST_PEEKED) {
    // The caller meets the same error when reading.
    const read = await reader.read().catch(ignore);
    if (read?.value === undefined) break;
    chunks.push(read.value);
    length += read.value.byteLength;
  }
  // Not awaited: it ends only with the caller's own branch.
  reader.cancel().catch(ignore);
  return decode(chunks);
}

/**
 * The beginning of an axios response's body as text; a stream among them is replaced by one that is whole.
 *
 * @internal
 */
export async function peekAxiosBody(response: AxiosResponse<unknown>): Promise<string> {
  const { data } = response;
  if (typeof data === 'string') return data.slice(0, MOST_PEEKED);
  if (ArrayBuffer.isView(data)) {
    return decode([new Uint8Array(data.buffer, data.byteOffset, data.byteLength)]);
  }
  if (data instanceof ArrayBuffer) return decode([new Uint8Array(data)]);
  if (data instanceof Blob) return data.slice(0, MOST_PEEKED).text();
  if (data instanceof ReadableStream) {
    const copy = new Response(data as ReadableStream<Uint8Array>);
    const text = await peekBody(copy);
    response.data = copy.body;
    return text;
  }
  return data instanceof Readable ? peekReadable(response, data) : '';
}

async function peekReadable(response: AxiosResponse<unknown>, stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  const source = stream.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer>;
  let failure: unknown;
  try {
    for (let read = await source.next(); read.done !== true; read = await source.next()) {
      chunks.push(read.value);
      length += read.value.byteLength;
      if (length >= MOST_PEEKED) break;
    }
  } catch (error) {
    failure = error;
  }
  response.data = Readable.from(whole(chunks, source, failure), { objectMode: false }).on(
    'close',
    () => stream.destroy(),
  );
  return decode(chunks);
}

async function* whole(
  chunks: readonly Buffer[],
  rest: AsyncIterator<Buffer>,
  failure: unknown,
): AsyncGenerator<Buffer> {
  yield* chunks;
  if (failure !== undefined) throw failure as Error;
  for (let read = await rest.next(); read.done !== true; read = await rest.next()) yield read.value;
}
