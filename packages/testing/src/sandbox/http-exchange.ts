import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HttpReply } from './dialect.js';

/** More than that no token request or control input has, bytes. */
const MOST_BODY_BYTES = 1_048_576;

/** A body was longer than the endpoint reads. @internal */
export class BodyTooLargeError extends Error {
  override readonly name = 'BodyTooLargeError';
}

/** Reads a body as text. @internal */
export async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    // The rest is read and let go: a request that is cut off could not be answered.
    if (length <= MOST_BODY_BYTES) chunks.push(chunk);
  }
  if (length > MOST_BODY_BYTES) throw new BodyTooLargeError();
  return Buffer.concat(chunks).toString('utf8');
}

/** Reads a body of any length without keeping it. @internal */
export async function hashBody(
  request: IncomingMessage,
): Promise<{ readonly bodyHash: string; readonly bodyLength: number }> {
  const hash = createHash('sha256');
  let bodyLength = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bodyLength += chunk.length;
  }
  return { bodyHash: hash.digest('hex'), bodyLength };
}

/** Statuses that come without a body (RFC 9110, sections 15.3.5 and 15.4.5). */
const BODILESS: ReadonlySet<number> = new Set([204, 304]);

/** Sends an answer; `date` is the server's clock as it tells it. @internal */
export function sendReply(response: ServerResponse, reply: HttpReply, date: Date): void {
  if (response.destroyed) return;
  const { type, text } = BODILESS.has(reply.status) ? NO_BODY : render(reply.body);
  response.writeHead(reply.status, {
    date: date.toUTCString(),
    ...(type === undefined ? {} : { 'content-type': type }),
    ...(text === '' ? {} : { 'content-length': Buffer.byteLength(text) }),
    ...reply.headers,
  });
  response.end(text);
}

interface RenderedBody {
  readonly type?: string;
  readonly text: string;
}

const NO_BODY: RenderedBody = { text: '' };

function render(body: HttpReply['body']): RenderedBody {
  if (body === undefined || body === '') return NO_BODY;
  return typeof body === 'string'
    ? { type: 'text/plain; charset=utf-8', text: body }
    : { type: 'application/json', text: JSON.stringify(body) };
}

/** Ends a connection so that the other side sees a reset. @internal */
export function resetConnection(request: IncomingMessage): void {
  request.socket.resetAndDestroy();
}
