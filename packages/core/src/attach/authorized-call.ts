import type { AxiosHeaders, AxiosResponse, InternalAxiosRequestConfig } from 'axios';
import type { CallTransport } from './axios-transport.js';
import { peekAxiosBody } from './body-peek.js';
import type { CallAuthorizer, CallCredentials } from './call-authorizer.js';
import { isResent, markResent } from './call-mark.js';
import { callSignal, type CallSignal, tokenOptions } from './call-options.js';
import type { AnswerDecision } from './call-policy.js';
import { finalUrl } from './final-url.js';
import { headerTexts, LazyAnswer } from './lazy-answer.js';
import { HOP_GATE, type GatedFetchOptions } from './guarded-fetch.js';
import { RedirectGuard } from './redirect-guard.js';
import { isReplayableBody } from './replayable-body.js';
import { scrubError, scrubResponse, veilAgents } from './scrub.js';
import { type SentCall, TokenCall } from './token-call.js';

/** What became of one sending. */
type Attempt = SentCall & { readonly response?: AxiosResponse } & (
    | { readonly ok: true; readonly value: AxiosResponse }
    | { readonly ok: false; readonly value: unknown }
  );

/**
 * One API call of axios: gate, bearer, and at most one resend after the token was refused.
 *
 * @internal
 */
export class AuthorizedCall {
  readonly #config: InternalAxiosRequestConfig;
  readonly #signal: CallSignal;
  readonly #call: TokenCall;

  constructor(
    config: InternalAxiosRequestConfig,
    private readonly transport: CallTransport,
    source: CallAuthorizer,
  ) {
    this.#config = config;
    this.#signal = callSignal(config);
    const options = tokenOptions(config.oauth, this.#signal.signal);
    this.#call = new TokenCall(source, finalUrl(config), options);
    veilAgents(config);
  }

  /** @throws the errors of the source as they are, and those of axios without a bearer in them */
  async send(): Promise<AxiosResponse> {
    try {
      const credentials = this.#call.checked(await this.#call.authorize());
      const first = await this.#attempt(credentials, this.#ownBody());
      const decision = this.#judge(first);
      if (decision === 'return' || (await decision) === 'return') return deliver(first);
      return await this.#sendAgain(first);
    } finally {
      this.#signal.release();
    }
  }

  async #sendAgain(first: Attempt): Promise<AxiosResponse> {
    const makeBody = bodyFactory(this.#config);
    const replayable = makeBody !== undefined || isReplayableBody(this.#config.data);
    const { oauth } = this.#config;
    const renewal = await this.#call
      .renew(first.credentials, {
        status: first.response?.status ?? 0,
        replayable,
        retry: !(oauth && oauth.retry === false),
      })
      .catch((error: unknown) => {
        discard(first.response);
        throw error;
      });
    if (!replayable) Object.assign(first.value as object, { retryable: false });
    if (renewal.next === 'surface') {
      explain(first.value, renewal.cause);
      return deliver(first);
    }
    discard(first.response);
    markResent(this.#config);
    const body: unknown = makeBody === undefined ? this.#config.data : makeBody();
    const second = await this.#attempt(renewal.credentials, body);
    await this.#judge(second);
    return deliver(second);
  }

  #judge(attempt: Attempt): AnswerDecision | Promise<AnswerDecision> {
    const { response } = attempt;
    if (response === undefined) return 'return';
    const answer = new LazyAnswer(response.status, response.headers, headerTexts);
    const decision = this.#call.judge(answer, attempt);
    if (decision !== 'body') return decision;
    return peekAxiosBody(response).then((body) => this.#call.judgeBody(answer, body, attempt));
  }

  #ownBody(): unknown {
    const { data } = this.#config as { data?: unknown };
    return data === undefined || data === null ? bodyFactory(this.#config)?.() : data;
  }

  async #attempt(credentials: CallCredentials, body: unknown): Promise<Attempt> {
    const config = this.#config;
    const { source, url } = this.#call;
    const { onForeignRedirect, adapter } = this.transport;
    const request = { registrationId: source.registrationId, credentials, url, onForeignRedirect };
    const guard = new RedirectGuard(request, config.beforeRedirect);
    const resent = isResent(config);
    const undress = this.#dress(guard, body);
    try {
      const response = await adapter(config);
      scrubResponse(response, config);
      const { bearerSent } = guard;
      return { ok: true, value: response, response, bearerSent, credentials, resent };
    } catch (error) {
      if (guard.refusal !== undefined) throw guard.refusal;
      scrubError(error, config);
      const { bearerSent } = guard;
      return { ok: false, value: error, ...responseOf(error), bearerSent, credentials, resent };
    } finally {
      undress();
    }
  }

  /**
   * Puts on the config what is for the transport alone. The config is this request's own (axios makes one for each), and a copy
   * of it would cost more than all else here.
   *
   * @returns the way back: what leaves, now or later, finds the config without a bearer
   */
  #dress(guard: RedirectGuard, body: unknown): () => void {
    const config = this.#config;
    const before: Partial<InternalAxiosRequestConfig> = {
      url: config.url,
      baseURL: config.baseURL,
      headers: config.headers,
      beforeRedirect: config.beforeRedirect,
    } as Partial<InternalAxiosRequestConfig>;
    const { headers: credentials } = guard.credentials;
    const dressed = dressedHeaders(config.headers, credentials);
    // What was checked is what is sent.
    config.url = this.#call.url.href;
    config.headers = dressed;
    config.beforeRedirect = guard.beforeRedirect;
    if (before.baseURL !== undefined) delete config.baseURL;
    if (body !== config.data) {
      before.data = config.data as unknown;
      config.data = body;
    }
    if (this.transport.usesFetch) {
      const gated: GatedFetchOptions = { guard, body };
      before.fetchOptions = config.fetchOptions as Record<string, unknown>;
      const fetchOptions: Record<PropertyKey, unknown> = {
        ...config.fetchOptions,
        [HOP_GATE]: gated,
      };
      config.fetchOptions = fetchOptions;
    }
    return () => {
      restore(config, before);
      // Whoever has kept them keeps no bearer.
      for (const name in credentials) dressed.delete(name);
    };
  }
}

function restore(
  config: InternalAxiosRequestConfig,
  before: Partial<InternalAxiosRequestConfig>,
): void {
  const members = config as unknown as Record<string, unknown>;
  for (const [name, value] of Object.entries(before) as [string, unknown][]) {
    if (value === undefined) Reflect.deleteProperty(members, name);
    else members[name] = value;
  }
}

/**
 * A copy of axios' headers with credentials in it. `concat` and `set` would check every character of them again, which the
 * adapter does anyhow.
 */
function dressedHeaders(
  headers: AxiosHeaders,
  credentials: Readonly<Record<string, string>>,
): AxiosHeaders {
  const copy = Object.create(Object.getPrototypeOf(headers) as object) as AxiosHeaders;
  for (const name of Object.keys(headers)) {
    if (credentials[name.toLowerCase()] === undefined) copy[name] = headers[name] as string;
  }
  for (const name in credentials) copy[name] = credentials[name] ?? '';
  return copy;
}

const bodyFactory = ({ oauth }: InternalAxiosRequestConfig): (() => unknown) | undefined =>
  oauth ? oauth.body : undefined;

function deliver(attempt: Attempt): AxiosResponse {
  if (attempt.ok) return attempt.value;
  throw attempt.value;
}

/** Tells, beside the API's refusal, why there was no other token. */
function explain(refusal: unknown, cause: Error | undefined): void {
  if (cause === undefined || !(refusal instanceof Error) || refusal.cause !== undefined) return;
  Object.defineProperty(refusal, 'cause', { value: cause, configurable: true, writable: true });
}

function responseOf(error: unknown): { response?: AxiosResponse } {
  const response = (error as { response?: AxiosResponse } | undefined)?.response;
  return response === undefined ? {} : { response };
}

/** Frees the connection of an answer that nobody will read. */
function discard(response: AxiosResponse | undefined): void {
  const body = response?.data as
    { destroy?: () => void; cancel?: () => Promise<void> } | undefined | null;
  if (typeof body?.destroy === 'function') body.destroy();
  else if (typeof body?.cancel === 'function') void body.cancel().catch(() => undefined);
}
