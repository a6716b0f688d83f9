import type { ClientRegistration } from '../model/client-registration.js';
import type { FailedAnswer, FailureOutcome } from '../provider/token-answer.js';
import type { TokenStore } from '../store/token-store.js';
import { clampRetryAfter } from '../timing/backoff.js';
import type { Clock } from '../timing/clock.js';
import type { StoreTime } from '../timing/store-time.js';
import { BoundedMap } from '../util/bounded-map.js';

/** A pause that all replicas keep. @internal */
export interface Pause {
  readonly until: number;
  readonly attempt: number;
  readonly outcome: FailureOutcome;
  readonly code: string;
  readonly message: string;
}

/** The most pauses that are remembered between two looks. */
const MOST_LOOKS = 10_000;

/** How long a pause is believed without another look at the store, ms. */
const LOOK_MS = 1_000;
const BREAKER_BASE_MS = 30_000;
const BREAKER_CAP_MS = 600_000;
const THROTTLE_FALLBACK_MS = 5_000;

/** Failures that are the client's, whatever was asked for. */
const CLIENT_CODES = new Set([
  'invalid_client',
  'unauthorized_client',
  'request_not_built',
  'no_token_endpoint',
  'issuer_mismatch',
  'unexpected_redirect',
]);

/** Whether a misconfiguration concerns all keys of a registration. @internal */
export const isFaultOfClient = ({ code, status }: FailedAnswer): boolean =>
  CLIENT_CODES.has(code) || status === 401 || status === 404 || status === 405;

/** How long a misconfiguration is left alone, ms: longer each time. @internal */
export const breakerDelay = (attempt: number): number =>
  Math.min(BREAKER_BASE_MS * 2 ** Math.min(attempt, 10), BREAKER_CAP_MS);

/**
 * Pauses shared through the store: of a provider that throttles, and of a registration that is misconfigured.
 *
 * They hold back token requests and never the serving of a valid token. A breaker is named after the settings that failed, so
 * corrected settings are not held back.
 *
 * @internal
 */
export class SharedPauses {
  readonly #looks = new BoundedMap<
    string,
    { readonly pause: Pause | undefined; readonly at: number }
  >(MOST_LOOKS);

  readonly #names = new WeakMap<object, string>();

  constructor(
    private readonly store: TokenStore,
    private readonly time: StoreTime,
    private readonly clock: Clock,
  ) {}

  /** The pause that holds a registration back now, if any. */
  async find(registration: ClientRegistration): Promise<Pause | undefined> {
    for (const name of [this.#providerName(registration), this.#breakerName(registration)]) {
      const look = this.#looks.get(name);
      const recent = look !== undefined && this.clock.monotonic() - look.at < LOOK_MS;
      const pause = recent ? look.pause : await this.#look(name);
      if (pause !== undefined && pause.until > this.time.now()) return pause;
    }
    return undefined;
  }

  /** Pauses a whole provider as its server asks. Returns until when. */
  async throttle(registration: ClientRegistration, answer: FailedAnswer): Promise<number> {
    const delay = clampRetryAfter(answer.retryAfterMs, THROTTLE_FALLBACK_MS);
    return this.#write(this.#providerName(registration), answer, () => delay);
  }

  /** Opens the breaker of a registration for longer each time. Returns until when. */
  async misconfigured(registration: ClientRegistration, answer: FailedAnswer): Promise<number> {
    return this.#write(this.#breakerName(registration), answer, breakerDelay);
  }

  /** Forgets the breaker of a registration whose request has just succeeded. */
  async succeeded(registration: ClientRegistration): Promise<void> {
    const name = this.#breakerName(registration);
    if (this.#looks.get(name)?.pause === undefined) return;
    const entry = await this.store.getShared(name);
    if (entry !== undefined) await this.store.casShared(name, entry.version, 'null', 1);
    this.#looks.delete(name);
  }

  async #look(name: string): Promise<Pause | undefined> {
    const now = this.clock.monotonic();
    const entry = await this.store.getShared(name);
    const pause = entry === undefined ? undefined : (JSON.parse(entry.value) as Pause | null);
    this.#looks.set(name, { pause: pause ?? undefined, at: now });
    return pause ?? undefined;
  }

  async #write(
    name: string,
    { outcome, code, message }: FailedAnswer,
    delayOf: (attempt: number) => number,
  ): Promise<number> {
    const entry = await this.store.getShared(name);
    const before = entry === undefined ? undefined : (JSON.parse(entry.value) as Pause | null);
    const now = this.time.now();
    // A failure that was under way already is part of the same.
    if (before && before.until > now) return before.until;
    const attempt = before?.attempt ?? 0;
    const delay = delayOf(attempt);
    const until = now + delay;
    const pause: Pause = { until, attempt: attempt + 1, outcome, code, message };
    // Lost to another replica: its pause is as good.
    await this.store.casShared(
      name,
      entry?.version ?? 0,
      JSON.stringify(pause),
      3 * BREAKER_CAP_MS,
    );
    this.#looks.set(name, { pause, at: this.clock.monotonic() });
    return until;
  }

  #providerName({ provider }: ClientRegistration): string {
    return this.#nameOnce(provider, () => {
      const endpoint = provider.endpoints?.token ?? provider.issuer ?? '';
      return `pause:${this.store.fingerprint(JSON.stringify([provider.name, endpoint]))}`;
    });
  }

  #breakerName(registration: ClientRegistration): string {
    return `breaker:${this.settingsOf(registration)}`;
  }

  /** Fingerprint of the settings that a client is known by: it changes when they are corrected. */
  settingsOf(registration: ClientRegistration): string {
    return this.#nameOnce(registration, () => {
      const { registrationId, provider, clientId, clientSecret, clientAuthentication } =
        registration;
      const secret = typeof clientSecret === 'string' ? clientSecret : undefined;
      const endpoint = provider.endpoints?.token ?? provider.issuer;
      const settings = [registrationId, endpoint, clientId, secret, clientAuthentication];
      return this.store.fingerprint(JSON.stringify(['settings', ...settings]));
    });
  }

  /** Settings do not change; corrected ones are other objects. */
  #nameOnce(settings: object, name: () => string): string {
    const known = this.#names.get(settings);
    if (known !== undefined) return known;
    const made = name();
    this.#names.set(settings, made);
    return made;
  }
}
