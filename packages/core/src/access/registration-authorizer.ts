import type { CallAuthorizer, CallCredentials } from '../attach/call-authorizer.js';
import { describeOrigin, isOriginAllowed } from '../attach/origin-gate.js';
import { OriginNotAllowedError } from '../errors/errors.js';
import type { AllowedOrigin, ClientRegistration } from '../model/client-registration.js';
import type { TokenKey } from '../model/token-key.js';
import type { TokenSet } from '../model/token-set.js';
import type { ApiResponse } from '../provider/provider-adapter.js';
import { compact } from '../util/compact.js';
import type { TokenManager } from './token-manager.js';
import type { TokenRequestOptions } from './token-source.js';

/**
 * The tokens of one registration with where they may go and how they ride.
 *
 * @internal
 */
export class RegistrationAuthorizer implements CallAuthorizer {
  /** Known from the first call on; answers are judged only after one. */
  #registration: ClientRegistration | undefined;

  readonly #made = new WeakMap<
    TokenSet,
    { readonly registration: ClientRegistration; readonly credentials: CallCredentials }
  >();
  readonly #manager: TokenManager;
  readonly #subject: (() => string | undefined) | undefined;

  constructor(
    manager: TokenManager,
    readonly registrationId: string,
    subject: (() => string | undefined) | undefined,
  ) {
    this.#manager = manager;
    this.#subject = subject;
  }

  async getAccessToken(options: TokenRequestOptions = {}): Promise<string> {
    return this.#manager.getAccessToken(this.#key(options), signalOf(options));
  }

  async renewRejected(rejected: string, options: TokenRequestOptions = {}): Promise<string> {
    return this.#manager.renewRejected(this.#key(options), rejected, signalOf(options));
  }

  authorize(url: URL, options: TokenRequestOptions = {}): Promise<CallCredentials> {
    const ready = this.#fromMemory(url, options);
    return ready === undefined ? this.#authorize(url, options) : Promise.resolve(ready);
  }

  /** The path of almost every call: nothing to wait for, and what belongs to a token set was made with its first call. */
  #fromMemory(url: URL, options: TokenRequestOptions): CallCredentials | undefined {
    const registration = this.#manager.engine.registrations.known(this.registrationId);
    if (registration === undefined) return undefined;
    const key = this.#key(options);
    const tokens = this.#manager.fromMemory(key);
    if (tokens === undefined) return undefined;
    this.#registration = registration;
    const ready = this.#credentialsOf(registration, key, tokens);
    return ready.allows(url) ? ready : undefined;
  }

  async #authorize(url: URL, options: TokenRequestOptions): Promise<CallCredentials> {
    const registration = await this.#find();
    const known = registration.allowedOrigins.filter((origin) => typeof origin === 'string');
    // Where no token can change the decision, none is asked for.
    if (known.length === registration.allowedOrigins.length) this.#gate(url, known);
    const key = this.#key(options);
    const tokens = await this.#manager.getTokenSet(key, signalOf(options));
    return this.#credentials(registration, url, key, tokens);
  }

  async reauthorize(
    rejected: CallCredentials,
    url: URL,
    options: TokenRequestOptions = {},
  ): Promise<CallCredentials> {
    const registration = await this.#find();
    // The request's context may be another's by now: whose call it is was decided when it was sent.
    const { key = this.#key(options), accessToken } = rejected;
    const tokens = await this.#manager.replaceRejected(key, accessToken, options.signal);
    return this.#credentials(registration, url, key, tokens);
  }

  accepted({ key, accessToken }: CallCredentials): void {
    if (key !== undefined) this.#manager.accepted(key, accessToken);
  }

  isRejected(response: ApiResponse): boolean {
    return this.#registration?.provider.isAccessTokenRejected(response) ?? false;
  }

  readsBody(status: number): boolean {
    const { rejectedBodyStatuses } = this.#registration?.provider ?? {};
    return rejectedBodyStatuses?.includes(status) ?? false;
  }

  isRejectedBody(response: ApiResponse, body: string): boolean {
    return this.#registration?.provider.isAccessTokenRejectedBody?.(response, body) ?? false;
  }

  retried(url: URL, status: number, options: TokenRequestOptions = {}): void {
    const { engine, events } = this.#manager;
    const base = engine.announcer.base(this.#key(options), 0);
    // Queries may hold anything; origin and path name the call well enough.
    events.emit('retriedAfter401', { ...base, url: `${url.origin}${url.pathname}`, status });
  }

  #key({ subject = this.#subject?.(), scope, resource }: TokenRequestOptions): TokenKey {
    const { registrationId } = this;
    if (scope === undefined && resource === undefined) {
      return subject === undefined ? { registrationId } : { registrationId, subject };
    }
    return compact({ registrationId: this.registrationId, subject, scope, resource });
  }

  async #find(): Promise<ClientRegistration> {
    this.#registration = await this.#manager.engine.registrations.require(this.registrationId);
    return this.#registration;
  }

  #gate(url: URL, origins: readonly string[]): void {
    if (isOriginAllowed(url, origins)) return;
    throw new OriginNotAllowedError(this.registrationId, describeOrigin(url), origins);
  }

  #credentials(
    registration: ClientRegistration,
    url: URL,
    key: TokenKey,
    tokens: TokenSet,
  ): CallCredentials {
    this.#gate(url, originsFor(registration.allowedOrigins, tokens));
    return this.#credentialsOf(registration, key, tokens);
  }

  #credentialsOf(
    registration: ClientRegistration,
    key: TokenKey,
    tokens: TokenSet,
  ): CallCredentials {
    const known = this.#made.get(tokens);
    if (known?.registration === registration) return known.credentials;
    const origins = originsFor(registration.allowedOrigins, tokens);
    const credentials = {
      accessToken: tokens.accessToken,
      key,
      headers: registration.provider.attachHeaders(tokens),
      allows: (target: URL) => isOriginAllowed(target, origins),
    };
    this.#made.set(tokens, { registration, credentials });
    return credentials;
  }
}

const originsFor = (allowed: readonly AllowedOrigin[], tokens: TokenSet): readonly string[] =>
  allowed.flatMap((origin) => (typeof origin === 'string' ? [origin] : origin(tokens)));

const signalOf = ({ signal }: TokenRequestOptions): { readonly signal?: AbortSignal } =>
  signal === undefined ? {} : { signal };
