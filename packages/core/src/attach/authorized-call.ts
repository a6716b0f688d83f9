import type { AxiosAdapter, AxiosResponse, InternalAxiosRequestConfig } from 'axios';
import type { TokenRequestOptions } from '../access/token-source.js';
import {
  isStoreUnavailableError,
  isTokenEndpointError,
  isTokenUnavailableError,
  OriginNotAllowedError,
} from '../errors/errors.js';
import type { ApiResponse } from '../provider/provider-adapter.js';
import { callOptions } from './call-options.js';
import type { CallAuthorizer, CallCredentials } from './call-authorizer.js';
import { finalUrl } from './final-url.js';
import { describeOrigin } from './origin-gate.js';
import { RedirectGuard } from './redirect-guard.js';
import { isReplayableBody } from './replayable-body.js';
import { scrubError, scrubResponse, veilAgents } from './scrub.js';

/**
 * Marks the config of a call that was sent again, so that whoever repeats it (axios-retry) does not get a second resend.
 * Shared by all copies of this package.
 */
const RESENT = Symbol.for('@oauth-token/core:resent');

type Marked = InternalAxiosRequestConfig & { [RESENT]?: true };

/** How a call is sent. @internal */
export interface CallTransport {
  /** The request's own adapter. */
  readonly adapter: AxiosAdapter;
  /** Whether it is axios' fetch adapter. */
  readonly usesFetch: boolean;
  readonly onForeignRedirect: 'strip' | 'error';
}

/** What became of one sending. */
type Attempt = { readonly response?: AxiosResponse; readonly bearerSent: boolean } & (
  | { readonly ok: true; readonly value: AxiosResponse }
  | { readonly ok: false; readonly value: unknown }
);

/**
 * One API call of axios: gate, bearer, and at most one resend after the token was refused.
 *
 * @internal
 */
export class AuthorizedCall {
  readonly #config: Marked;
  readonly #url: URL;

  constructor(
    config: InternalAxiosRequestConfig,
    private readonly transport: CallTransport,
    private readonly source: CallAuthorizer,
  ) {
    this.#config = config;
    this.#url = finalUrl(config);
    veilAgents(config);
  }

  /** @throws the errors of the source as they are, and those of axios without a bearer in them */
  async send(): Promise<AxiosResponse> {
    const credentials = await this.#wait((options) => this.source.authorize(this.#url, options));
    const first = await this.#attempt(credentials);
    this.#noteAccepted(first, credentials);
    if (!this.#isRefused(first)) return deliver(first);
    const renewed = await this.#renew(credentials, first);
    const replayable = isReplayableBody(this.#config.data);
    if (!replayable) Object.assign(first.value as object, { retryable: false });
    if (!replayable || renewed === undefined || !this.#mayResend()) return deliver(first);
    discard(first.response);
    this.#config[RESENT] = true;
    const { options } = callOptions(this.#config);
    this.source.retried(this.#url, first.response?.status ?? 0, options);
    const second = await this.#attempt(renewed);
    this.#noteAccepted(second, renewed);
    return deliver(second);
  }

  #noteAccepted({ response, bearerSent }: Attempt, credentials: CallCredentials): void {
    if (response === undefined || !bearerSent) return;
    if (!this.source.isRejected(toApiResponse(response))) this.source.accepted?.(credentials);
  }

  /** The credentials after these were refused; nothing when there are no others now. */
  async #renew(refused: CallCredentials, first: Attempt): Promise<CallCredentials | undefined> {
    try {
      const renewed = await this.#wait((options) =>
        this.source.reauthorize(refused, this.#url, options),
      );
      return renewed.accessToken === refused.accessToken ? undefined : renewed;
    } catch (error) {
      if (isNoTokenNow(error)) {
        explain(first.value, error);
        return undefined;
      }
      discard(first.response);
      throw error;
    }
  }

  async #wait(
    ask: (options: TokenRequestOptions) => Promise<CallCredentials>,
  ): Promise<CallCredentials> {
    const { options, release } = callOptions(this.#config);
    try {
      const credentials = await ask(options);
      // The source has checked it; a source that did not is no reason to send.
      if (credentials.allows(this.#url)) return credentials;
      throw new OriginNotAllowedError(this.source.registrationId, describeOrigin(this.#url), []);
    } finally {
      release();
    }
  }

  async #attempt(credentials: CallCredentials): Promise<Attempt> {
    const config = this.#config;
    const guard = new RedirectGuard({
      registrationId: this.source.registrationId,
      credentials,
      url: this.#url,
      onForeignRedirect: this.transport.onForeignRedirect,
      beforeRedirect: config.beforeRedirect,
    });
    const copy = this.#withBearer(credentials, guard);
    try {
      const response = await this.transport.adapter(copy);
      scrubResponse(response, config);
      return { ok: true, value: response, response, bearerSent: guard.bearerSent };
    } catch (error) {
      if (guard.refusal !== undefined) throw guard.refusal;
      scrubError(error, config);
      return { ok: false, value: error, ...responseOf(error), bearerSent: guard.bearerSent };
    } finally {
      // Errors that a streamed body raises later still hold the copy.
      for (const name of Object.keys(credentials.headers)) copy.headers.delete(name);
    }
  }

  #withBearer(credentials: CallCredentials, guard: RedirectGuard): InternalAxiosRequestConfig {
    const config = this.#config;
    const copy = Object.create(
      Object.getPrototypeOf(config) as object | null,
      Object.getOwnPropertyDescriptors(config),
    ) as InternalAxiosRequestConfig;
    // What was checked is what is sent.
    copy.url = this.#url.href;
    delete copy.baseURL;
    copy.headers = config.headers.concat();
    for (const [name, value] of Object.entries(credentials.headers)) {
      copy.headers.set(name, value, true);
    }
    copy.beforeRedirect = guard.beforeRedirect;
    if (fetchWouldCarry(this.transport, credentials)) copy.maxRedirects = 0;
    return copy;
  }

  #isRefused({ response, bearerSent }: Attempt): boolean {
    if (response === undefined || !bearerSent || this.#config[RESENT] === true) return false;
    return this.source.isRejected(toApiResponse(response));
  }

  #mayResend(): boolean {
    const { oauth } = this.#config;
    return !(oauth && oauth.retry === false);
  }
}

/**
 * How often a call was sent: 2 after a refused token was replaced, else 1.
 *
 * @param answer - an axios response or error
 * @public
 */
export function attemptsOf(answer: { readonly config?: object | undefined }): 1 | 2 {
  return (answer.config as Partial<Marked> | undefined)?.[RESENT] === true ? 2 : 1;
}

function deliver(attempt: Attempt): AxiosResponse {
  if (attempt.ok) return attempt.value;
  throw attempt.value;
}

const isNoTokenNow = (error: unknown): error is Error =>
  isTokenUnavailableError(error) || isStoreUnavailableError(error) || isTokenEndpointError(error);

/** Tells, beside the API's refusal, why there was no other token. */
function explain(refusal: unknown, cause: Error): void {
  if (!(refusal instanceof Error) || refusal.cause !== undefined) return;
  Object.defineProperty(refusal, 'cause', { value: cause, configurable: true, writable: true });
}

function responseOf(error: unknown): { response?: AxiosResponse } {
  const response = (error as { response?: AxiosResponse } | undefined)?.response;
  return response === undefined ? {} : { response };
}

function toApiResponse({ status, headers }: AxiosResponse): ApiResponse {
  const entries = Object.entries((headers as Record<string, unknown> | undefined) ?? {}).map(
    ([name, value]) => [
      name.toLowerCase(),
      Array.isArray(value) ? value.join(', ') : String(value),
    ],
  );
  return { status, headers: Object.fromEntries(entries) as Record<string, string> };
}

/** Frees the connection of an answer that nobody will read. */
function discard(response: AxiosResponse | undefined): void {
  const body = response?.data as
    { destroy?: () => void; cancel?: () => Promise<void> } | undefined | null;
  if (typeof body?.destroy === 'function') body.destroy();
  else if (typeof body?.cancel === 'function') void body.cancel().catch(() => undefined);
}

/**
 * The fetch adapter follows redirects without asking. It drops `Authorization` across origins and nothing else, so where
 * more than that is at stake redirects are not followed at all.
 */
function fetchWouldCarry(transport: CallTransport, { headers }: CallCredentials): boolean {
  const onlyBearer = Object.keys(headers).every((name) => name === 'authorization');
  return transport.usesFetch && (!onlyBearer || transport.onForeignRedirect === 'error');
}
