import type { BeginCommand } from '../record/record-command.js';
import type { RecordBody, TokenRecord } from '../store/token-store.js';
import { failedAnswer } from '../provider/failed-answer.js';
import type { TokenRequestContext } from '../provider/provider-adapter.js';
import type { FailedAnswer } from '../provider/token-answer.js';
import { canonicalKey } from '../model/token-key.js';
import { newId } from '../util/new-id.js';
import { type RenewalLease, renewalLease } from './lease-of.js';
import { type Pause, passes } from './pause.js';
import type { PauseNames } from './pause-names.js';
import { isSame, waitFor, weighed } from './announced.js';
import { heldBack, knownDead, RenewalOutcome } from './renewal-outcome.js';
import type { RenewalParts, RenewalStep, RenewalTask } from './renewal.js';
import { type GuardedPlan, isRefresh, usesRefreshToken } from './renewal-plan.js';
import type { TokenCall, TokenCallResult } from './token-endpoint-client.js';

interface Paused {
  readonly outcome: 'paused';
  readonly pause: Pause;
}

/** How long the holder of a lock has to show in the record before that is asked itself, ms: one that died has left its lock. */
const LOCK_LOOK_MS = 300;

/** The pauses before each try to end an announcement whose fate is unknown, ms. */
const WITHDRAW_AFTER_MS = [500, 1_000, 2_000, 4_000];

const IGNORED_LOCK = { status: 'unavailable', reason: 'not asked' } as const;

/** What a request is built from, or why there will be none. */
interface Prepared {
  readonly names: PauseNames;
  readonly ready: TokenRequestContext | FailedAnswer | Paused;
}

/** A renewal that is about to begin. */
interface Ready extends RenewalManner {
  readonly lease: RenewalLease;
  readonly prepared: Prepared;
}

/** How a renewal goes about it. @internal */
export interface RenewalManner {
  /** When it was planned, on the store's clock, and how many gaps in the changes there had been then. */
  readonly plannedAt: number;
  readonly gaps: number;
  /** The lock has been asked often enough. */
  readonly ignoresLock: boolean;
  /** The intent of this renewal's own request whose answer was lost: it is repeated at once. */
  readonly replayOf?: string | undefined;
}

/**
 * The guarded section of a renewal: lock, begin, one token request, and what its answer leads to.
 *
 * The lock saves work. What is safe is the store's: `begin` excludes, `commit` compares and sets.
 *
 * @internal
 */
export class GuardedRenewal {
  readonly #outcome: RenewalOutcome;

  constructor(private readonly parts: RenewalParts) {
    this.#outcome = new RenewalOutcome(parts);
  }

  async run(
    task: RenewalTask,
    plan: GuardedPlan,
    record: TokenRecord | undefined,
    manner: RenewalManner,
  ): Promise<RenewalStep> {
    const { lock, announcer, store, time, known } = this.parts;
    // What can take long or fail by itself comes before the record is taken.
    const prepared = await this.#prepare(task, plan, manner);
    const lease = renewalLease(task.registration, record, time.now());
    if (record !== undefined && plan.kind === 'refresh' && lease.restUntil > time.now()) {
      return waitFor(record, lease.restUntil);
    }
    const attempt = manner.ignoresLock
      ? IGNORED_LOCK
      : await lock.tryAcquire(store.idOf(task.key), lease.leaseMs);
    if (attempt.status === 'held') {
      announcer.lockContended(task.key, record?.state.version ?? 0);
      return { kind: 'wait', until: time.now() + LOCK_LOOK_MS, locked: true };
    }
    try {
      // The store may have gone back since this was planned.
      if (usesRefreshToken(plan) && !known.isFree(task.key, manner.gaps)) return { kind: 'again' };
      return await this.#begin(task, plan, record, { ...manner, lease, prepared });
    } finally {
      if (attempt.status === 'acquired') void attempt.release();
    }
  }

  async #begin(
    task: RenewalTask,
    plan: GuardedPlan,
    record: TokenRecord | undefined,
    how: Ready,
  ): Promise<RenewalStep> {
    const { store, clock, announcer, known } = this.parts;
    const { lease, prepared } = how;
    const { names } = prepared;
    const startedAt = clock.monotonic();
    const command = this.#beginCommand(task, plan, record, how);
    const asked = store.begin(task.key, command);
    const { answer, record: begun } = await asked.catch((error: unknown) => {
      void this.#withdraw(task, command);
      throw error;
    });
    switch (answer.kind) {
      case 'ok': {
        const { intentId, base } = command;
        known.remember(canonicalKey(task.key), begun);
        if (answer.orphan) {
          announcer.orphanFound(task.key, base.version, record?.state.intent?.owner ?? 'unknown');
        }
        const result = await this.#send(task, plan, how, {
          timeoutMs: lease.timeoutMs,
          extensionMs: Math.min(lease.timeoutMs, lease.takeoverMs),
          maySend: () => this.#maySend(task, plan, how, startedAt),
          tokens: record?.tokens,
        });
        return this.#outcome.settle({ task, plan, record, begun, intentId, base, names }, result);
      }
      case 'stale':
        // What was planned on is still there: the clocks disagree on whether it was left.
        return isSame(record, begun) ? waitFor(begun, this.#soon()) : { kind: 'again' };
      case 'busy':
        return waitFor(begun, answer.until);
      case 'backoff':
        return { kind: 'done', result: heldBack(begun, answer.until) };
      case 'dead':
        return { kind: 'done', result: knownDead(begun) };
    }
  }

  #soon(): number {
    return this.parts.time.now() + 1_000;
  }

  /** A begin whose reply was lost may stand in the store all the same: ended here, it holds nobody up until its takeover. */
  async #withdraw(
    { key, reason }: RenewalTask,
    { intentId, base }: BeginCommand<RecordBody>,
  ): Promise<void> {
    const { store, clock } = this.parts;
    const command = { intentId, base, reason, outcome: { kind: 'notSent' } } as const;
    for (const pauseMs of WITHDRAW_AFTER_MS) {
      await new Promise<void>((resolve) => {
        clock.setTimer(resolve, pauseMs);
      });
      const settled = await store.settle(key, command).catch(() => undefined);
      if (settled !== undefined) return;
    }
  }

  /** Later than that the answer could come after the lease, or a repetition after its grace: then it is better not to send. */
  #maySend(
    task: RenewalTask,
    plan: GuardedPlan,
    { lease, gaps }: Ready,
    startedAt: number,
  ): boolean {
    const { clock, time, known } = this.parts;
    if (clock.monotonic() >= startedAt + lease.leaseMs - lease.timeoutMs) return false;
    if (!usesRefreshToken(plan)) return true;
    return known.isFree(task.key, gaps) && time.now() < lease.sendUntil;
  }

  #beginCommand(
    { key, registration, reason }: RenewalTask,
    plan: GuardedPlan,
    record: TokenRecord | undefined,
    { replayOf, lease, prepared, plannedAt }: Ready,
  ): BeginCommand<RecordBody> {
    const { leaseMs, takeoverMs } = lease;
    return {
      intentId: newId(),
      base: { version: record?.state.version ?? 0, epoch: record?.state.epoch ?? '' },
      owner: this.parts.owner,
      kind: isRefresh(plan) ? 'refresh' : 'login',
      fingerprint: plan.fingerprint ?? '',
      leaseMs,
      takeoverMs,
      force: reason === 'manual',
      seenIntentId: weighed(record, plannedAt),
      settings: prepared.names.settings,
      ...(replayOf !== undefined && { replayOf }),
      fresh: { body: { key }, keepFresh: registration.keepFresh !== false },
    };
  }

  async #prepare(
    { key, registration, reason }: RenewalTask,
    plan: GuardedPlan,
    { replayOf }: RenewalManner,
  ): Promise<Prepared> {
    const { endpoint, pauses } = this.parts;
    const unsupplied = pauses.namesOf(registration, undefined);
    if (plan.kind === 'giveUp') {
      const ready = failedAnswer('reauthorizationRequired', plan.code, plan.message);
      return { names: unsupplied, ready };
    }
    const held = async (...names: readonly string[]): Promise<Paused | undefined> => {
      const pause = await pauses.find(...names);
      if (pause === undefined || passes(pause, reason, replayOf !== undefined)) return undefined;
      return { outcome: 'paused', pause };
    };
    // The supplier of a secret is not asked for a request that will not be.
    const down = await held(unsupplied.provider, unsupplied.endpoint);
    if (down !== undefined) return { names: unsupplied, ready: down };
    const supplied = await endpoint.secretOf(registration);
    const secret = supplied === 'failed' ? undefined : supplied.secret;
    const names = pauses.namesOf(registration, secret);
    const refused = await held(names.breaker);
    return { names, ready: refused ?? (await endpoint.prepare(registration, key, supplied)) };
  }

  async #send(
    { key, registration, reason }: RenewalTask,
    plan: GuardedPlan,
    { replayOf, prepared }: Ready,
    how: Pick<TokenCall, 'timeoutMs' | 'extensionMs' | 'maySend' | 'tokens'>,
  ): Promise<TokenCallResult | Paused> {
    const { ready, names } = prepared;
    if ('outcome' in ready) return ready;
    // A plan that gives up is never ready to send.
    if (plan.kind === 'giveUp') return { outcome: 'leaseExpired' };
    const { endpoint, pauses } = this.parts;
    const pause = await pauses
      .probe(names.provider, names.endpoint, names.breaker)
      .catch(() => undefined);
    if (pause !== undefined && !passes(pause, reason, replayOf !== undefined)) {
      return { outcome: 'paused', pause };
    }
    return endpoint.send({ registration, key, grant: plan.grant, ...how }, ready);
  }
}
