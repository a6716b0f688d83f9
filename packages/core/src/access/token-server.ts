import { WaitAbortedError } from '../errors/errors.js';
import { canonicalKey, type TokenKey } from '../model/token-key.js';
import type { RenewalReason } from '../record/record-state.js';
import type { Refusal } from '../refresh/refresh-coordinator.js';
import type { RenewalResult } from '../refresh/renewal.js';
import type { TokenRecord } from '../store/token-store.js';
import { BoundedMap } from '../util/bounded-map.js';
import { SingleFlight } from '../util/single-flight.js';
import { withDeadline } from '../util/with-deadline.js';
import type { RememberedRecord } from '../known/record-memory.js';
import type { Engine } from './engine.js';
import { servingOf } from './serving.js';
import { StoreOutage } from './store-outage.js';
import { StorelessTokens } from './storeless-tokens.js';
import { endedError, lateError, toError, unlessAborted } from './token-errors.js';
import type { TimingOptions } from './token-manager-options.js';

/** How much longer than the waits within it a call may take, ms. */
const GRACE_MS = 250;

/** The most notes of a kind that are kept on keys; they save work and may be lost. */
const MOST_NOTES = 10_000;

/**
 * Serves access tokens from memory and the store, and asks for renewals when their time has come.
 *
 * @internal
 */
export class TokenServer {
  readonly #reads = new SingleFlight<TokenRecord | undefined>();
  readonly #storeless: StorelessTokens;
  readonly #maxWaitMs: number;
  readonly #memoryTrustMs: number;
  /** The last access token of each key that an API has taken. */
  readonly #accepted = new BoundedMap<string, string>(MOST_NOTES);
  /** Until when a renewal behind a served token is not worth another try. */
  readonly #restUntil = new BoundedMap<string, number>(MOST_NOTES);
  readonly #outage: StoreOutage;

  constructor(
    private readonly engine: Engine,
    timing: TimingOptions,
  ) {
    this.#storeless = new StorelessTokens(engine);
    this.#outage = new StoreOutage(engine.clock);
    this.#maxWaitMs = timing.maxWaitMs ?? 10_000;
    this.#memoryTrustMs = timing.memoryTrustMs ?? 30_000;
  }

  /** The token in memory while it is fresh, compared with the store now and then; the path of almost every call. */
  fromMemory(canonical: string): TokenRecord | undefined {
    const { time, clock, known } = this.engine;
    const entry = known.get(canonical);
    if (entry === undefined || !known.isConfirmed(entry)) return undefined;
    const { facts, status } = entry.record.state;
    const now = time.now();
    const fresh =
      status === 'active' &&
      facts !== undefined &&
      now < facts.dueAt &&
      now < facts.expiresAt &&
      entry.record.tokens?.accessToken !== '';
    if (!fresh || time.diverged()) return undefined;
    if (clock.monotonic() - entry.readAt > this.#memoryTrustMs) this.#compare(canonical, entry);
    return entry.record;
  }

  /**
   * A record whose access token is valid now.
   *
   * @throws {@link ReauthorizationRequiredError}
   * @throws {@link TokenUnavailableError}
   * @throws {@link WaitAbortedError}
   */
  async serve(key: TokenKey, signal?: AbortSignal): Promise<TokenRecord> {
    if (signal?.aborted) throw new WaitAbortedError(key.registrationId);
    // The waits within end by themselves; this one is for a store or a source that never answers.
    const limit = this.#maxWaitMs + GRACE_MS;
    const served = withDeadline(this.#serve(key, signal), this.engine.clock, limit, signal);
    const result = await unlessAborted(key, served);
    if (result === 'late') throw lateError(key, this.#maxWaitMs);
    return result;
  }

  async #serve(key: TokenKey, signal: AbortSignal | undefined): Promise<TokenRecord> {
    const canonical = canonicalKey(key);
    const { time, registrations } = this.engine;
    if (time.diverged()) await time.read();
    const ready = this.fromMemory(canonical);
    if (ready !== undefined) return ready;
    const known = this.engine.known.get(canonical)?.record;
    const away = this.#outage.recent();
    if (away !== undefined && servingOf(known, time.now()) !== 'expired') {
      return this.#withoutStore(key, canonical, away);
    }
    let record: TokenRecord | undefined;
    try {
      record = await this.#read(key, canonical);
    } catch (error) {
      this.#outage.note(error);
      // Nothing can be renewed without the store: waiting for it would only spend what is left of the token.
      return await this.#withoutStore(key, canonical, error);
    }
    const registration = await registrations.require(key.registrationId);
    if (key.subject !== undefined && registration.idleAfterMs !== undefined) this.#noteUse(key);
    const { earliestRefreshBeforeExpiryMs } = registration.provider;
    switch (servingOf(record, time.now(), earliestRefreshBeforeExpiryMs)) {
      case 'fresh':
        return record as TokenRecord;
      case 'due':
        this.#renewBehind(key, canonical);
        return record as TokenRecord;
      case 'mandatory':
        return this.#waitBriefly(key, canonical, record as TokenRecord, signal);
      case 'expired':
        return this.#waitFor(key, signal);
    }
  }

  /** A record whose access token is another than the one that an API has refused. */
  async replaceRejected(
    key: TokenKey,
    rejected: string,
    signal?: AbortSignal,
  ): Promise<TokenRecord> {
    const canonical = canonicalKey(key);
    const stored = this.fromMemory(canonical);
    if (stored?.tokens !== undefined && stored.tokens.accessToken !== rejected) return stored;
    return this.#waitFor(key, signal, rejected);
  }

  /** An API has taken a token: its next refusal is news. */
  accepted(key: TokenKey, accessToken: string): void {
    const canonical = canonicalKey(key);
    if (this.#accepted.get(canonical) === accessToken) return;
    this.#accepted.set(canonical, accessToken);
  }

  /** Renews and remembers the outcome. */
  async renew(key: TokenKey, reason: RenewalReason, how: Refusal = {}): Promise<RenewalResult> {
    const canonical = canonicalKey(key);
    const { rejected } = how;
    const proven = rejected !== undefined && this.#accepted.get(canonical) === rejected;
    const result = await this.engine.coordinator.renew(key, reason, { ...how, proven });
    if (result.outcome === 'refreshed') {
      this.remember(canonical, result.record);
      this.#restUntil.delete(canonical);
    } else if (result.nextTryAt !== undefined) {
      this.#restUntil.set(canonical, result.nextTryAt);
    }
    return result;
  }

  remember(canonical: string, record: TokenRecord): void {
    this.engine.known.remember(canonical, record);
  }

  forgetMemory(canonical: string): void {
    this.engine.unconfirmed.drop(canonical);
    this.engine.known.forget(canonical);
    this.#restUntil.delete(canonical);
  }

  /** Reads behind a served token whether the store still agrees. */
  #compare(canonical: string, { record }: RememberedRecord): void {
    this.remember(canonical, record);
    // With the store away the token lives on to its end.
    this.#read(record.key, canonical).catch(() => undefined);
  }

  /** Reads once for all who ask meanwhile. */
  #read(key: TokenKey, canonical: string): Promise<TokenRecord | undefined> {
    return this.#reads.run(canonical, async () => {
      const { record, standing } = await this.engine.known.read(key);
      // What somebody has logged out of, or in over, is not served, whatever a store came back with.
      return standing === 'ended' ? undefined : record;
    });
  }

  async #withoutStore(key: TokenKey, canonical: string, error: unknown): Promise<TokenRecord> {
    const known = this.engine.known.get(canonical)?.record;
    const record = await this.#storeless.serve(key, known, error);
    // What was known already is not known any better now.
    if (record !== known) this.remember(canonical, record);
    return record;
  }

  /** Keeps a subject's token from counting as idle. */
  #noteUse(key: TokenKey): void {
    const usedAt = this.engine.time.now();
    this.engine.store.touch(key, { usedAt }).catch(() => undefined);
  }

  #rests(canonical: string): boolean {
    return (this.#restUntil.get(canonical) ?? 0) > this.engine.time.now();
  }

  #renewBehind(key: TokenKey, canonical: string): void {
    const { coordinator } = this.engine;
    if (this.#rests(canonical) || coordinator.inFlight(canonical) !== undefined) return;
    // Failures are told as events; the caller has a valid token.
    this.renew(key, 'due').catch(() => undefined);
  }

  async #waitBriefly(
    key: TokenKey,
    canonical: string,
    record: TokenRecord,
    signal: AbortSignal | undefined,
  ): Promise<TokenRecord> {
    const { time, clock, events, announcer, coordinator } = this.engine;
    const expiresAt = record.tokens?.expiresAt ?? 0;
    if (!this.#rests(canonical) || coordinator.inFlight(canonical) !== undefined) {
      const limit = Math.min(this.#maxWaitMs, expiresAt - time.now());
      const renewal = this.renew(key, 'demand', { patienceMs: limit }).catch(() => undefined);
      const result = await unlessAborted(key, withDeadline(renewal, clock, limit, signal));
      if (typeof result === 'object' && result.outcome === 'refreshed') return result.record;
    }
    if (time.now() >= expiresAt) return this.#waitFor(key, signal);
    events.emit('staleServed', { ...announcer.base(key, record.state.version), expiresAt });
    return record;
  }

  /** Waits for a renewal, over failed tries too while there is time. */
  async #waitFor(
    key: TokenKey,
    signal: AbortSignal | undefined,
    rejected?: string,
  ): Promise<TokenRecord> {
    const { clock, time } = this.engine;
    const deadline = clock.monotonic() + this.#maxWaitMs;
    const reason = rejected === undefined ? 'demand' : 'rejected';
    for (;;) {
      const left = deadline - clock.monotonic();
      const renewal = this.renew(key, reason, { rejected, patienceMs: left });
      const result = await unlessAborted(key, withDeadline(renewal, clock, left, signal));
      if (result === 'late') throw lateError(key, this.#maxWaitMs);
      if (result.outcome === 'refreshed') {
        // An answer can take longer than its token lives.
        if ((result.record.tokens?.expiresAt ?? 0) > time.now()) return result.record;
        throw endedError(key);
      }
      const pauseMs = (result.nextTryAt ?? Infinity) - time.now();
      const inTime = pauseMs < deadline - clock.monotonic();
      if (!inTime || result.code === 'renewed_too_recently') throw toError(key, result);
      const pause = new Promise<never>(() => undefined);
      await unlessAborted(key, withDeadline(pause, clock, Math.max(pauseMs, 1), signal));
    }
  }
}
