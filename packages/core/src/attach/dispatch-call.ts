import { isWaitAbortedError } from './aborted-wait.js';
import type { OAuthCallOptions } from './attach-options.js';
import type { CallAuthorizer, CallCredentials } from './call-authorizer.js';
import type { CallMark } from './call-mark.js';
import { tokenOptions } from './call-options.js';
import type { RedirectNotes } from './dispatch-redirects.js';
import { DispatchSending } from './dispatch-sending.js';
import type { Dispatch, DispatchHandler, DispatchOptions } from './dispatch-types.js';
import { dispatchUrl } from './final-url.js';
import { type ForeignRedirectPolicy, HopGate } from './hop-gate.js';
import { isReplayableBody } from './replayable-body.js';
import { withCredentials } from './request-headers.js';
import { TokenCall } from './token-call.js';

/** What all requests of one interceptor share. @internal */
export interface DispatchSetup {
  readonly source: CallAuthorizer;
  readonly origin: string | undefined;
  readonly onForeignRedirect: ForeignRedirectPolicy;
  readonly redirects: RedirectNotes;
}

/**
 * One request of an undici dispatcher: gate, bearer, and at most one resend after the token was refused.
 *
 * @internal
 */
export class DispatchCall {
  readonly call: TokenCall;
  readonly mark: CallMark = { attempts: 1 };
  readonly #signal: AbortSignal | undefined;
  readonly #oauth: OAuthCallOptions | undefined;

  constructor(
    private readonly setup: DispatchSetup,
    private readonly dispatch: Dispatch,
    private readonly request: DispatchOptions,
    readonly handler: DispatchHandler,
  ) {
    const { signal, oauth } = request;
    this.#oauth = oauth || undefined;
    // undici takes event emitters too; those are looked at once the request is under way.
    this.#signal = signal instanceof AbortSignal ? signal : undefined;
    const url = dispatchUrl(setup.origin ?? request.origin, request.path);
    this.call = new TokenCall(setup.source, url, tokenOptions(oauth, this.#signal));
  }

  /** Sends it once there are credentials. Failures go to the handler. */
  start(): true {
    const note = this.setup.redirects.of(this.handler);
    try {
      if (note?.gate !== undefined && note.next === this.call.url.href) {
        if (!note.gate.admits(this.call.url)) return this.#sendBare(note.gate.credentials);
      }
      this.call.authorize().then(
        (credentials) => {
          this.#begin(credentials, note?.resent === true);
        },
        (error: unknown) => this.fail(error),
      );
    } catch (error) {
      this.fail(error);
    }
    return true;
  }

  /** Replaces refused credentials, and sends the request again where it can be. */
  async renew(refused: CallCredentials, status: number, sendAgain: () => boolean): Promise<void> {
    const replayable = this.#oauth?.body !== undefined || isReplayableBody(this.request.body);
    const retry = this.#oauth?.retry !== false;
    const renewal = await this.call.renew(refused, { status, replayable, retry });
    if (!replayable) this.mark.retryable = false;
    // The answer may have failed meanwhile, and its caller been told.
    if (renewal.next === 'surface' || !sendAgain()) return;
    this.mark.attempts = 2;
    this.setup.redirects.note(this.handler).resent = true;
    this.#send(renewal.credentials, this.#bodyAgain(), true);
  }

  /** Remembers that the handler is about to be sent elsewhere. */
  noteRedirect(credentials: CallCredentials, next: string): void {
    const { redirects, source, onForeignRedirect } = this.setup;
    const { registrationId } = source;
    const { url } = this.call;
    const note = redirects.note(this.handler);
    note.gate ??= new HopGate({ registrationId, credentials, url, onForeignRedirect });
    note.next = next;
  }

  /** Tells the handler of a failure. */
  fail(error: unknown): true {
    const aborted = isWaitAbortedError(error) && this.#signal?.aborted === true;
    this.handler.onResponseError?.(null, (aborted ? this.#signal.reason : error) as Error);
    return true;
  }

  #begin(credentials: CallCredentials, resent: boolean): void {
    try {
      this.#send(this.call.checked(credentials), this.#ownBody(), resent);
    } catch (error) {
      this.fail(error);
    }
  }

  #ownBody(): unknown {
    const { body } = this.request;
    // A redirect that drops the body says `null`.
    return body === undefined ? this.#oauth?.body?.() : body;
  }

  #bodyAgain(): unknown {
    const { body } = this.request;
    return body === null ? null : (this.#oauth?.body?.() ?? body);
  }

  #send(credentials: CallCredentials, body: unknown, resent: boolean): void {
    const { origin, pathname, search } = this.call.url;
    const headers = withCredentials(this.request.headers, credentials.headers);
    // Half as slow as a literal that spreads it.
    const options: { -readonly [K in keyof DispatchOptions]: DispatchOptions[K] } = Object.assign(
      {},
      this.request,
    );
    // What was checked is what is sent.
    options.origin = origin;
    options.path = `${pathname}${search}`;
    // undici takes lists flat.
    options.headers = Array.isArray(headers)
      ? headers.flatMap(([name, value]) => [name, value])
      : headers;
    if (body !== undefined) options.body = body;
    this.#dispatch(options, new DispatchSending(this, { credentials, resent, bearerSent: true }));
  }

  /** Follows a redirect to a foreign place: with what the caller gave and nothing of ours. */
  #sendBare(credentials: CallCredentials): true {
    const sent = { credentials, resent: true, bearerSent: false };
    const options = { ...this.request, body: this.#ownBody() };
    this.#dispatch(options, new DispatchSending(this, sent));
    return true;
  }

  #dispatch(options: DispatchOptions, handler: DispatchHandler): void {
    try {
      this.dispatch(options, handler);
    } catch (error) {
      this.fail(error);
    }
  }
}
