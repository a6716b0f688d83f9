import type { IncomingHttpHeaders } from 'node:http';
import type { Duplex } from 'node:stream';
import type { OAuthCallOptions } from './attach-options.js';
import type { GivenHeaders } from './request-headers.js';

/** What a request of an undici dispatcher is described with, as far as it is looked at here. @internal */
export interface DispatchOptions {
  readonly origin?: string | URL;
  readonly path: string;
  readonly headers?: GivenHeaders;
  readonly body?: unknown;
  readonly signal?: unknown;
  readonly oauth?: OAuthCallOptions | false;
}

/** The controller that undici (7 and later) gives to a handler. @internal */
export interface DispatchController {
  readonly aborted: boolean;
  readonly paused: boolean;
  abort(reason: Error): void;
  pause(): void;
  resume(): void;
}

/** A handler of undici (7 and later). @internal */
export interface DispatchHandler {
  onRequestStart?(controller: DispatchController, context: unknown): void;
  onRequestUpgrade?(
    controller: DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
    socket: Duplex,
  ): void;
  onResponseStarted?(): void;
  onResponseStart?(
    controller: DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
    message?: string,
  ): void;
  onResponseData?(controller: DispatchController, chunk: Buffer): void;
  onResponseEnd?(controller: DispatchController, trailers: IncomingHttpHeaders): void;
  onResponseError?(controller: DispatchController | null, error: Error): void;
}

/** Sends a request. @internal */
export type Dispatch = (options: DispatchOptions, handler: DispatchHandler) => boolean;
