import type { Dispatcher } from 'undici';
import type { Clock, Timer } from '../timing/clock.js';
import { decodeBody, MAX_BODY_BYTES } from './answer-body.js';
import type { SendOptions, TransportResult } from './token-endpoint-transport.js';
import { twoTurns } from '../util/two-turns.js';
import {
  ambiguous,
  connectFailure,
  connectTimeout,
  notSent,
  systemCode,
} from './transport-failure.js';

type Headers = Parameters<NonNullable<Dispatcher.DispatchHandler['onResponseStart']>>[2];

/**
 * One request and what becomes of it; undici calls it as things happen.
 *
 * Until {@link onRequestStart} lets the request go nothing of it has been written: undici calls it on a connection that
 * stands, and writes head and body right after it returns, in the same turn of the event loop. What fails before is
 * `notSent`, what fails after is `ambiguous`.
 *
 * @internal
 */
export class HttpExchange implements Dispatcher.DispatchHandler {
  readonly result: Promise<TransportResult>;
  #resolve: (result: TransportResult) => void = () => undefined;
  #settled = false;
  #timer: Timer;
  #extended = false;
  /** Present from the moment at which the request may be on its way. */
  #controller: Dispatcher.DispatchController | undefined;
  #answerBegun = false;
  #head: { readonly status: number; readonly headers: Record<string, string> } | undefined;
  readonly #chunks: Buffer[] = [];
  #size = 0;

  /** `endpoint` is what messages call the other side: its origin, no more of the URL. */
  constructor(
    private readonly endpoint: string,
    private readonly options: SendOptions,
    private readonly clock: Clock,
  ) {
    this.result = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    this.#timer = this.#armDeadline();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    const again = this.#controller !== undefined;
    if (!this.#settled && !again && (this.options.maySend?.() ?? true)) {
      this.#controller = controller;
      return;
    }
    // Given up meanwhile, not allowed any more, or a repetition, which must not be.
    if (!again) {
      this.#settle(notSent('lease_expired', `Nothing was sent to ${this.endpoint}: too late.`));
    }
    controller.abort(new Error('This request must not be sent.'));
  }

  onResponseStarted(): void {
    this.#answerBegun = true;
  }

  onResponseStart(_controller: unknown, status: number, headers: Headers): void {
    if (status < 200) return;
    const flat = Object.entries(headers).map(([name, value]): [string, string] => [
      name.toLowerCase(),
      Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]);
    this.#head = { status, headers: Object.fromEntries(flat) };
  }

  onResponseData(_controller: unknown, chunk: Buffer): void {
    this.#size += chunk.length;
    if (this.#size > MAX_BODY_BYTES) this.#giveUp('answer_too_large');
    else this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    if (this.#head === undefined) return;
    const { status, headers } = this.#head;
    const body = decodeBody(Buffer.concat(this.#chunks), headers['content-encoding']);
    if ('problem' in body) this.#giveUp(body.problem);
    else this.#settle({ kind: 'response', response: { status, headers, body: body.text } });
  }

  onResponseError(_controller: unknown, error: unknown): void {
    const { endpoint } = this;
    if (this.#controller === undefined) {
      this.#settle(connectFailure(endpoint, error));
      return;
    }
    const code = systemCode(error, 'connection_lost');
    this.#settle(
      this.#head === undefined
        ? ambiguous(
            code,
            `The connection to ${endpoint} broke before it answered (${code}). It may have acted on the request.`,
          )
        : ambiguous(
            'truncated_answer',
            `The answer of ${endpoint} broke off (${code}), so what it says is not known.`,
          ),
    );
  }

  #armDeadline(delayMs = this.options.timeoutMs): Timer {
    return this.clock.setTimer(() => {
      this.#onDeadline();
    }, delayMs);
  }

  /** After a blocked event loop the answer may lie in the socket, unread: two turns of the loop bring it in. */
  #onDeadline(): void {
    if (this.#controller === undefined) {
      this.#settle(connectTimeout(this.endpoint));
      return;
    }
    twoTurns(() => {
      this.#afterDrain();
    });
  }

  #afterDrain(): void {
    if (this.#settled) return;
    if (this.#answerBegun && !this.#extended) {
      this.#extended = true;
      this.#timer = this.#armDeadline(this.options.extensionMs);
    } else {
      this.#giveUp('timeout');
    }
  }

  #giveUp(code: keyof typeof REASONS): void {
    this.#settle(
      ambiguous(code, `${REASONS[code](this.endpoint)} It may have acted on the request.`),
    );
    this.#controller?.abort(new Error(code));
  }

  #settle(result: TransportResult): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#timer.cancel();
    this.#resolve(result);
  }
}

const REASONS = {
  timeout: (endpoint: string) => `There was no whole answer of ${endpoint} in time.`,
  answer_too_large: (endpoint: string) =>
    `The answer of ${endpoint} is larger than ${MAX_BODY_BYTES / 1024} KiB.`,
  undecodable_answer: (endpoint: string) =>
    `The answer of ${endpoint} cannot be decompressed as it says.`,
};
