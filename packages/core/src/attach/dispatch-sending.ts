import type { IncomingHttpHeaders } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ApiResponse } from '../provider/provider-adapter.js';
import { MOST_PEEKED } from './body-peek.js';
import { markedContext } from './call-mark.js';
import type { DispatchCall } from './dispatch-call.js';
import { redirectTarget } from './dispatch-redirects.js';
import type { DispatchController, DispatchHandler } from './dispatch-types.js';
import { HeldAnswer } from './held-answer.js';
import { headerTexts, LazyAnswer } from './lazy-answer.js';
import type { SentCall } from './token-call.js';

/**
 * What becomes of the answer: it is `passing` to the caller · `peeking` at its body · `held` while the token is renewed ·
 * `dropped` since another will come · `failed`.
 */
type State = 'passing' | 'peeking' | 'held' | 'dropped' | 'failed';

/**
 * One sending of a request: stands between undici and the caller's handler, and holds back an answer that refuses the
 * token until it is known whether another will come in its place.
 *
 * @internal
 */
export class DispatchSending implements DispatchHandler {
  readonly #handler: DispatchHandler;
  #state: State = 'passing';
  #held: HeldAnswer | undefined;
  #droppedBytes = 0;

  constructor(
    private readonly owner: DispatchCall,
    private readonly sent: SentCall,
  ) {
    this.#handler = owner.handler;
  }

  onRequestStart(controller: DispatchController, context: unknown): void {
    this.#handler.onRequestStart?.(controller, markedContext(context, this.owner.mark));
  }

  onRequestUpgrade(
    controller: DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
    socket: Duplex,
  ): void {
    this.#handler.onRequestUpgrade?.(controller, status, headers, socket);
  }

  onResponseStarted(): void {
    this.#handler.onResponseStarted?.();
  }

  onResponseStart(
    controller: DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
    message?: string,
  ): void {
    const next = redirectTarget(this.owner.call.url, status, headers.location);
    if (next !== undefined) this.owner.noteRedirect(this.sent.credentials, next);
    const decision =
      status < 200 ? 'return' : this.owner.call.judge(answerOf(status, headers), this.sent);
    if (decision === 'return') {
      this.#handler.onResponseStart?.(controller, status, headers, message);
      return;
    }
    this.#held = new HeldAnswer(controller, status, headers, message);
    if (decision === 'body') this.#state = 'peeking';
    else this.#renew(this.#held);
  }

  onResponseData(controller: DispatchController, chunk: Buffer): void {
    if (this.#state === 'passing') {
      this.#handler.onResponseData?.(controller, chunk);
    } else if (this.#state === 'dropped') {
      this.#droppedBytes += chunk.byteLength;
      // A short body is read to its end to keep the connection.
      if (this.#droppedBytes > MOST_PEEKED) controller.abort(new Error('not needed any more'));
    } else if (this.#held !== undefined) {
      this.#held.chunks.push(chunk);
      if (this.#state === 'peeking' && this.#held.length >= MOST_PEEKED)
        this.#judgeBody(this.#held);
    }
  }

  onResponseEnd(controller: DispatchController, trailers: IncomingHttpHeaders): void {
    if (this.#state === 'passing') {
      this.#handler.onResponseEnd?.(controller, trailers);
    } else if (this.#held !== undefined) {
      this.#held.trailers = trailers;
      if (this.#state === 'peeking') this.#judgeBody(this.#held);
    }
  }

  onResponseError(controller: DispatchController | null, error: Error): void {
    if (this.#state === 'dropped' || this.#state === 'failed') return;
    this.#state = 'failed';
    this.#handler.onResponseError?.(controller, error);
  }

  #judgeBody(held: HeldAnswer): void {
    const answer = answerOf(held.status, held.headers);
    if (this.owner.call.judgeBody(answer, held.text(), this.sent) === 'renew') this.#renew(held);
    else this.#release(held);
  }

  #renew(held: HeldAnswer): void {
    this.#state = 'held';
    held.pause();
    const sendAgain = (): boolean => {
      if (this.#state !== 'held') return false;
      this.#state = 'dropped';
      held.resume();
      return true;
    };
    this.owner.renew(this.sent.credentials, held.status, sendAgain).then(
      () => {
        if (this.#state === 'held') this.#release(held);
      },
      (error: unknown) => {
        if (this.#state === 'failed') return;
        if (sendAgain()) this.owner.fail(error);
      },
    );
  }

  #release(held: HeldAnswer): void {
    this.#state = 'passing';
    this.#held = undefined;
    held.deliver(this.#handler);
  }
}

const answerOf = (status: number, headers: IncomingHttpHeaders): ApiResponse =>
  new LazyAnswer(status, headers, headerTexts);
