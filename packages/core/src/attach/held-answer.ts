import type { IncomingHttpHeaders } from 'node:http';
import { MOST_PEEKED } from './body-peek.js';
import type { DispatchController, DispatchHandler } from './dispatch-types.js';

/**
 * An answer of undici that is kept back until it is known whether its caller will see it.
 *
 * @internal
 */
export class HeldAnswer {
  /** What has come of the body so far. */
  readonly chunks: Buffer[] = [];
  /** Present once it has come whole. */
  trailers: IncomingHttpHeaders | undefined;

  constructor(
    private readonly controller: DispatchController,
    readonly status: number,
    readonly headers: IncomingHttpHeaders,
    private readonly message: string | undefined,
  ) {}

  get length(): number {
    return this.chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0);
  }

  /** The beginning of the body. */
  text(): string {
    return Buffer.concat(this.chunks).subarray(0, MOST_PEEKED).toString();
  }

  pause(): void {
    if (this.trailers === undefined) this.controller.pause();
  }

  resume(): void {
    if (this.trailers === undefined) this.controller.resume();
  }

  /** Gives it to its caller's handler. */
  deliver(handler: DispatchHandler): void {
    const pause = { asked: false };
    // Whoever asks for a pause while catching up gets one afterwards.
    const controller = new Proxy(this.controller, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== 'function') return value;
        if (name !== 'pause' && name !== 'resume') return value.bind(target) as unknown;
        return () => {
          pause.asked = name === 'pause';
          target[name]();
        };
      },
    });
    handler.onResponseStart?.(controller, this.status, this.headers, this.message);
    for (const chunk of this.chunks) handler.onResponseData?.(controller, chunk);
    if (this.trailers !== undefined) handler.onResponseEnd?.(controller, this.trailers);
    else if (!pause.asked) this.controller.resume();
  }
}
