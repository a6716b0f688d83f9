import { isWaitAbortedError } from './aborted-wait.js';
import type { OAuthCallOptions } from './attach-options.js';
import { peekBody } from './body-peek.js';
import type { CallAuthorizer, CallCredentials } from './call-authorizer.js';
import { markCall } from './call-mark.js';
import { tokenOptions } from './call-options.js';
import type { AnswerDecision } from './call-policy.js';
import { followRedirects, type Hop, isRedirect, letGo, withBody } from './fetch-redirects.js';
import { absoluteUrl } from './final-url.js';
import { type ForeignRedirectPolicy, HopGate } from './hop-gate.js';
import { LazyAnswer } from './lazy-answer.js';
import { isReplayableBody } from './replayable-body.js';
import { type GivenHeaders, withCredentials } from './request-headers.js';
import { type SentCall, TokenCall } from './token-call.js';

/** What all calls of one fetch share. @internal */
export interface FetchSetup {
  readonly source: CallAuthorizer;
  readonly send: typeof fetch;
  readonly onForeignRedirect: ForeignRedirectPolicy;
}

type Attempt = SentCall & { readonly response: Response };

function hrefOf(input: string | URL | Request): string {
  if (typeof input === 'string') return input;
  return input instanceof Request ? input.url : input.href;
}

const textsOf = (headers: Headers): Record<string, string> => Object.fromEntries(headers);

/**
 * One API call of fetch: gate, bearer, and at most one resend after the token was refused.
 *
 * @internal
 */
export class FetchCall {
  readonly #call: TokenCall;
  readonly #signal: AbortSignal | undefined;
  readonly #source: Request | undefined;
  readonly #follows: boolean;

  constructor(
    private readonly setup: FetchSetup,
    input: string | URL | Request,
    private readonly init: RequestInit,
    private readonly oauth: OAuthCallOptions | undefined,
  ) {
    this.#source = input instanceof Request ? input : undefined;
    this.#follows = (init.redirect ?? this.#source?.redirect ?? 'follow') === 'follow';
    this.#signal = init.signal ?? this.#source?.signal;
    const url = absoluteUrl(hrefOf(input));
    this.#call = new TokenCall(setup.source, url, tokenOptions(oauth, this.#signal));
  }

  /** @throws the errors of the source as they are, else what fetch throws */
  async send(): Promise<Response> {
    try {
      const credentials = this.#call.checked(await this.#call.authorize());
      const response = await this.#request(credentials, this.#ownBody());
      const first = this.#isLedAway(response)
        ? await this.#follow(response, credentials, false)
        : { response, credentials, bearerSent: true, resent: false };
      const decision = this.#judge(first);
      if (decision === 'return' || (await decision) === 'return') return first.response;
      return await this.#sendAgain(first);
    } catch (error) {
      // As fetch has it: who aborts gets the reason back.
      if (isWaitAbortedError(error) && this.#signal?.aborted) throw this.#signal.reason;
      throw error;
    }
  }

  async #sendAgain(first: Attempt): Promise<Response> {
    const { response, credentials } = first;
    const makeBody = this.oauth?.body;
    const replayable = makeBody !== undefined || this.#isReplayable();
    const { status } = response;
    const renewal = await this.#call
      .renew(credentials, { status, replayable, retry: this.oauth?.retry !== false })
      .catch((error: unknown) => {
        letGo(response);
        throw error;
      });
    if (renewal.next === 'surface') {
      if (!replayable) markCall(response, { attempts: 1, retryable: false });
      return response;
    }
    letGo(response);
    const body: unknown = makeBody === undefined ? this.init.body : makeBody();
    const answer = await this.#request(renewal.credentials, body);
    const second = this.#isLedAway(answer)
      ? await this.#follow(answer, renewal.credentials, true)
      : { response: answer, credentials: renewal.credentials, bearerSent: true, resent: true };
    await this.#judge(second);
    markCall(second.response, { attempts: 2 });
    return second.response;
  }

  #judge(attempt: Attempt): AnswerDecision | Promise<AnswerDecision> {
    const { response } = attempt;
    const answer = new LazyAnswer(response.status, response.headers, textsOf);
    const decision = this.#call.judge(answer, attempt);
    if (decision !== 'body') return decision;
    return peekBody(response).then((body) => this.#call.judgeBody(answer, body, attempt));
  }

  #request(credentials: CallCredentials, body: unknown): Promise<Response> {
    const { send } = this.setup;
    const headers = withCredentials(this.#ownHeaders(), credentials.headers);
    const init = { ...this.init, headers: headers as NonNullable<RequestInit['headers']> };
    if (this.#follows) init.redirect = 'manual';
    const sent = body === undefined ? init : withBody(init, body);
    return this.#source === undefined
      ? send(this.#call.url.href, sent)
      : send(new Request(this.#source, sent));
  }

  #isLedAway({ status }: Response): boolean {
    return this.#follows && isRedirect(status);
  }

  async #follow(answer: Response, credentials: CallCredentials, resent: boolean): Promise<Attempt> {
    const { send, onForeignRedirect, source } = this.setup;
    const { registrationId } = source;
    const { url } = this.#call;
    const guard = new HopGate({ registrationId, credentials, url, onForeignRedirect });
    const { body: own, ...init } = this.init;
    const again = this.#isReplayable() ? (): unknown => own : undefined;
    const response = await followRedirects(answer, {
      send,
      guard,
      first: this.#firstHop(url),
      init: this.#signal === undefined ? init : { ...init, signal: this.#signal },
      body: this.oauth?.body ?? again,
    });
    return { response, credentials, bearerSent: !guard.left, resent };
  }

  #firstHop(url: URL): Hop {
    const method = (this.init.method ?? this.#source?.method ?? 'GET').toUpperCase();
    const headers = new Headers(this.#ownHeaders() as NonNullable<RequestInit['headers']>);
    const body: unknown = this.init.body ?? this.#source?.body ?? this.oauth?.body;
    return { url, method, headers, hasBody: body !== undefined && body !== null };
  }

  #ownHeaders(): GivenHeaders {
    return (this.init.headers ?? this.#source?.headers) as GivenHeaders;
  }

  #ownBody(): unknown {
    const own = this.init.body ?? undefined;
    return own === undefined && !this.#source?.body ? this.oauth?.body?.() : own;
  }

  #isReplayable(): boolean {
    const { body } = this.init;
    if (body !== undefined && body !== null) return isReplayableBody(body);
    return !this.#source?.body;
  }
}
