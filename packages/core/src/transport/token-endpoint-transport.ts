import type { TokenEndpointHttpOptions } from '../model/client-registration.js';
import type { TokenHttpRequest, TokenHttpResponse } from '../provider/provider-adapter.js';

/**
 * What became of one request: an answer, `notSent` (nothing reached the server), or `ambiguous` (it may have).
 *
 * @public
 */
export type TransportResult =
  | { readonly kind: 'response'; readonly response: TokenHttpResponse }
  | { readonly kind: 'notSent' | 'ambiguous'; readonly code: string; readonly message: string };

/** How one request is to be sent. @public */
export interface SendOptions {
  /** Longest time until the whole answer is there, ms. */
  readonly timeoutMs: number;
  /** How much longer an answer that has begun may take, ms. @defaultValue the timeout once more */
  readonly extensionMs?: number;
  readonly http?: TokenEndpointHttpOptions;
  /** Asked when the request body is pulled, just before the first byte leaves; `false` keeps it from being sent. */
  readonly maySend?: () => boolean;
}

/**
 * Sends requests to authorization servers: once each, without redirects, within limits of size and time.
 *
 * @public
 */
export abstract class TokenEndpointTransport {
  /** Never rejects. */
  abstract send(request: TokenHttpRequest, options: SendOptions): Promise<TransportResult>;
  abstract close(): Promise<void>;
}
