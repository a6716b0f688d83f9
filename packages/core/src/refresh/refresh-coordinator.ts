import type { Reading } from '../known/known-records.js';
import { canonicalKey, type TokenKey } from '../model/token-key.js';
import type { RenewalReason } from '../record/record-state.js';
import type { Registrations } from '../registrations/registrations.js';
import type { TokenRecord } from '../store/token-store.js';
import { lazy } from '../util/lazy.js';
import type { ChangeWaiters } from './change-waiters.js';
import { GuardedRenewal, type RenewalManner } from './guarded-renewal.js';
import { reuseNow } from './lease-of.js';
import { plantSeed } from './plant-seed.js';
import { busy, GRANT_UNAVAILABLE, held, noLogin, storeAway } from './renewal-results.js';
import type { RenewalParts, RenewalResult, RenewalStep, RenewalTask } from './renewal.js';
import { planRenewal, type RenewalPlan, usesRefreshToken } from './renewal-plan.js';
import { grantFingerprint, selfLoginGrant } from './self-login.js';

/** Every round follows a change of the record; more than these mean that something else is wrong. */
const MAX_ROUNDS = 100;

/** The longest that one renewal waits for other processes, ms: longer than any lease with its takeover delay. */
const LONGEST_WAIT_MS = 120_000;

/** After so many waits for a lock the record itself is asked: it excludes by itself, the lock only saves work. */
const MOST_LOCK_WAITS = 2;

/** The access token that an API has refused, and whether any has taken it before. @internal */
export interface Refusal {
  readonly rejected?: string | undefined;
  readonly proven?: boolean;
  /** The longest wait (ms) for a refresh token that nobody uses now; without it, as long as that takes. */
  readonly patienceMs?: number;
}

interface Wish extends Refusal {
  readonly key: TokenKey;
  readonly reason: RenewalReason;
}

interface Flight {
  readonly waits: boolean;
  readonly result: Promise<RenewalResult>;
}

/**
 * Renews tokens: one flight per key in this process, one token request over all of them.
 *
 * Nothing else sends a refresh token. A flight belongs to nobody: callers may stop waiting, the flight goes on.
 *
 * @internal
 */
export class RefreshCoordinator {
  readonly #flights = new Map<string, Flight>();
  readonly #guarded: GuardedRenewal;
  #waitsEnded = false;

  constructor(
    private readonly parts: RenewalParts,
    private readonly registrations: Registrations,
    private readonly waiters: ChangeWaiters,
  ) {
    this.#guarded = new GuardedRenewal(parts);
  }

  /** The flight of a key, if one is under way. */
  inFlight(canonical: string): Promise<RenewalResult> | undefined {
    return this.#flights.get(canonical)?.result;
  }

  /** Renews a key, or joins the renewal under way. Never rejects for a failed renewal; only for an unknown registration or a store that is away. */
  async renew(key: TokenKey, reason: RenewalReason, refusal: Refusal = {}): Promise<RenewalResult> {
    const canonical = canonicalKey(key);
    const waits = reason !== 'due' && reason !== 'boot';
    for (;;) {
      const kept = this.#unconfirmed(canonical, refusal.rejected);
      if (kept !== undefined) return kept;
      const present = this.#flights.get(canonical);
      if (present === undefined) return this.#fly(canonical, waits, { key, reason, ...refusal });
      const result = await present.result;
      // The background does not wait for other processes; who needs the token does.
      const leftEarly = result.outcome === 'busy' && waits && !present.waits;
      if (!leftEarly && !isOldNews(result, reason, refusal.rejected)) return result;
    }
  }

  /** What can be said while the store has not confirmed the last tokens: they are used, and not renewed. */
  #unconfirmed(canonical: string, rejected: string | undefined): RenewalResult | undefined {
    const { unconfirmed, time } = this.parts;
    const record = unconfirmed.find(canonical);
    if (record === undefined) return undefined;
    const { accessToken = '', expiresAt = 0 } = record.tokens ?? {};
    const usable = accessToken !== '' && accessToken !== rejected && expiresAt > time.now();
    return usable ? { outcome: 'refreshed', record } : storeAway(time.now());
  }

  /** From now on no renewal waits for other processes or for a takeover: such a wait sends nothing that could be lost. */
  endWaits(): void {
    this.#waitsEnded = true;
    this.parts.known.endWaits();
    this.waiters.wakeAll();
  }

  /** Waits for the renewals under way. */
  async drain(): Promise<void> {
    while (this.#flights.size > 0) {
      await Promise.allSettled([...this.#flights.values()].map(({ result }) => result));
    }
    await this.parts.endpoint.drain();
  }

  #fly(canonical: string, waits: boolean, wish: Wish): Promise<RenewalResult> {
    const result = this.#renew(wish, waits).finally(() => {
      this.#flights.delete(canonical);
    });
    this.#flights.set(canonical, { waits, result });
    return result;
  }

  async #renew(
    { key, reason, rejected, proven = false, patienceMs = Infinity }: Wish,
    waits: boolean,
  ): Promise<RenewalResult> {
    const { clock, store, time } = this.parts;
    const waitUntil = time.now() + patienceMs;
    const registration = await this.registrations.require(key.registrationId);
    const selfLogin = lazy(() => selfLoginGrant(registration, key, clock));
    const task: RenewalTask = { key, registration, reason, rejected, proven, selfLogin };
    const watch = this.waiters.watch(store.idOf(key));
    try {
      return await this.#rounds(task, waits ? waitUntil : undefined, watch.changed.bind(watch));
    } finally {
      watch.end();
    }
  }

  async #rounds(
    task: RenewalTask,
    waitUntil: number | undefined,
    changed: (timeoutMs: number) => Promise<void>,
  ): Promise<RenewalResult> {
    const { known, clock, time } = this.parts;
    const giveUpAt = clock.monotonic() + LONGEST_WAIT_MS;
    let startVersion: number | undefined;
    let lockWaits = 0;
    let replayOf: string | undefined;
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const { gaps } = known;
      const reading = await known.read(task.key);
      // The lock may not be free yet that this renewal itself has held.
      const ignoresLock = lockWaits >= MOST_LOCK_WAITS || replayOf !== undefined;
      const manner = { plannedAt: time.now(), gaps, ignoresLock, replayOf };
      const step = await this.#step(task, reading, startVersion, manner);
      startVersion ??= reading.record?.state.version ?? 0;
      if (step.kind === 'done') return step.result;
      if (step.kind === 'again') replayOf = step.replayOf;
      if (step.kind === 'wait') {
        if (step.locked) lockWaits += 1;
        // Who holds the lock shows in the record within moments, or is gone: the background waits for that as well.
        const waits = waitUntil !== undefined || step.locked === true;
        const patient = waits && !this.#waitsEnded;
        if (!patient || clock.monotonic() >= giveUpAt) return busy(step.until);
        if (step.resting !== undefined && step.until > (waitUntil ?? 0)) return step.resting;
        await changed(Math.max(step.until - time.now(), 1));
      }
    }
    return busy(time.now() + 1_000);
  }

  /** @throws whatever `grantFor` throws */
  #plan(
    { registration, reason, rejected, proven, selfLogin }: RenewalTask,
    { record, standing }: Reading,
    startVersion: number | undefined,
    now: number,
  ): Promise<RenewalPlan> {
    const { store } = this.parts;
    return planRenewal({
      record,
      standing,
      now,
      reason,
      rejected,
      proven,
      startVersion,
      reuse: reuseNow(registration.provider.refreshTokenReuse, record?.state.intent, now),
      fingerprintOf: {
        refreshToken: (token) => store.fingerprint(token),
        grant: (grant) => grantFingerprint(store, registration, grant),
      },
      selfLogin,
    });
  }

  async #step(
    task: RenewalTask,
    { record, standing }: Reading,
    startVersion: number | undefined,
    manner: RenewalManner,
  ): Promise<RenewalStep> {
    const { time, known, journal } = this.parts;
    const planned = this.#plan(task, { record, standing }, startVersion, manner.plannedAt);
    const plan = await planned.catch((): 'unknown' => 'unknown');
    if (plan === 'unknown') return { kind: 'done', result: GRANT_UNAVAILABLE };
    if (standing === 'lost') {
      // Another replica may know what the store has lost.
      await known.doubt(task.key);
      await known.settled(task.key);
      return { kind: 'again' };
    }
    if (usesRefreshToken(plan)) {
      const settled = await known.settled(task.key);
      if (settled === 'ended') return { kind: 'done', result: busy(time.now() + 1_000) };
      if (settled === 'waited') return { kind: 'again' };
    }
    switch (plan.kind) {
      case 'adopt':
        return {
          kind: 'done',
          result: { outcome: 'refreshed', record: record as TokenRecord, adopted: true },
        };
      case 'hold':
        return { kind: 'done', result: held(plan.code, plan.message, plan.until) };
      case 'none':
        return { kind: 'done', result: noLogin(plan.code, plan.message, record) };
      case 'seed':
        await plantSeed(this.parts, task, record, plan.grant);
        return { kind: 'again' };
      case 'refresh':
        // What a process has left behind may be waiting in its journal.
        if (isTakeover(record, manner)) await journal.look();
        return this.#guarded.run(task, plan, record, manner);
      case 'login':
      case 'giveUp':
        return this.#guarded.run(task, plan, record, manner);
    }
  }
}

/** Whether a refresh token is to be sent that another process has announced and not ended. */
const isTakeover = (record: TokenRecord | undefined, { replayOf }: RenewalManner): boolean =>
  record?.state.intent !== undefined && replayOf === undefined;

/** What a joined renewal does not answer: a wish for another token than the refused one, or for a renewal by hand. */
function isOldNews(
  result: RenewalResult,
  reason: RenewalReason,
  rejected: string | undefined,
): boolean {
  if (result.outcome !== 'refreshed') return false;
  if (reason === 'manual') return result.adopted === true;
  return rejected !== undefined && result.record.tokens?.accessToken === rejected;
}
