import type { BeginCommand } from '../record/record-command.js';
import type { RecordBody, TokenRecord } from '../store/token-store.js';
import type { LeasePlan } from '../timing/timing-policy.js';
import { failedAnswer } from '../provider/failed-answer.js';
import type { TokenRequestContext } from '../provider/provider-adapter.js';
import type { FailedAnswer } from '../provider/token-answer.js';
import { canonicalKey } from '../model/token-key.js';
import { newId } from '../util/new-id.js';
import { leaseOf } from './lease-of.js';
import { heldBack, knownDead, RenewalOutcome } from './renewal-outcome.js';
import type { RenewalParts, RenewalStep, RenewalTask } from './renewal.js';
import { type GuardedPlan, isRefresh, usesRefreshToken } from './renewal-plan.js';
import type { Pause } from './shared-pauses.js';
import type { TokenCall, TokenCallResult } from './token-endpoint-client.js';

interface Paused {
  readonly outcome: 'paused';
  readonly pause: Pause;
}

/** How long the holder of a lock has to show in the record before that is asked itself, ms: one that died has left its lock. */
const LOCK_LOOK_MS = 300;

const IGNORED_LOCK = { status: 'unavailable', reason: 'not asked' } as const;

/** What a request is built from, or why there will be none. */
type Ready = TokenRequestContext | FailedAnswer | Paused;

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
    ignoresLock: boolean,
  ): Promise<RenewalStep> {
    const { lock, announcer, store, time, known } = this.parts;
    // What can take long or fail by itself comes before the record is taken.
    const ready = await this.#prepare(task, plan);
    const lease = leaseOf(task.registration, record?.tokens);
    const attempt = ignoresLock
      ? IGNORED_LOCK
      : await lock.tryAcquire(store.idOf(task.key), lease.leaseMs);
    if (attempt.status === 'held') {
      announcer.lockContended(task.key, record?.state.version ?? 0);
      return { kind: 'wait', until: time.now() + LOCK_LOOK_MS, locked: true };
    }
    try {
      // The store may have gone back since this was planned.
      if (usesRefreshToken(plan) && !known.isFree()) return { kind: 'again' };
      return await this.#begin(task, plan, record, lease, ready);
    } finally {
      if (attempt.status === 'acquired') void attempt.release();
    }
  }

  async #begin(
    task: RenewalTask,
    plan: GuardedPlan,
    record: TokenRecord | undefined,
    lease: LeasePlan,
    ready: Ready,
  ): Promise<RenewalStep> {
    const { store, clock, announcer, known } = this.parts;
    const startedAt = clock.monotonic();
    const command = this.#beginCommand(task, plan, record, lease);
    const { answer, record: begun } = await store.begin(task.key, command);
    switch (answer.kind) {
      case 'ok': {
        const { intentId, base } = command;
        known.remember(canonicalKey(task.key), begun);
        if (answer.orphan) {
          announcer.orphanFound(task.key, base.version, record?.state.intent?.owner ?? 'unknown');
        }
        // Later than this the answer could come after the lease: then it is better not to send.
        const sendBefore = startedAt + lease.leaseMs - lease.timeoutMs;
        const result = await this.#send(task, plan, ready, {
          timeoutMs: lease.timeoutMs,
          extensionMs: Math.min(lease.timeoutMs, lease.takeoverMs),
          maySend: () =>
            clock.monotonic() < sendBefore && (known.isFree() || !usesRefreshToken(plan)),
          tokens: record?.tokens,
        });
        return this.#outcome.settle({ task, plan, record, begun, intentId, base }, result);
      }
      case 'stale':
        return { kind: 'again' };
      case 'busy':
        return { kind: 'wait', until: answer.until };
      case 'backoff':
        return { kind: 'done', result: heldBack(begun, answer.until) };
      case 'dead':
        return { kind: 'done', result: knownDead(begun) };
    }
  }

  #beginCommand(
    { key, registration, reason }: RenewalTask,
    plan: GuardedPlan,
    record: TokenRecord | undefined,
    { leaseMs, takeoverMs }: LeasePlan,
  ): BeginCommand<RecordBody> {
    return {
      intentId: newId(),
      base: { version: record?.state.version ?? 0, epoch: record?.state.epoch ?? '' },
      owner: this.parts.owner,
      kind: isRefresh(plan) ? 'refresh' : 'login',
      fingerprint: plan.fingerprint ?? '',
      leaseMs,
      takeoverMs,
      force: reason === 'manual',
      seenIntentId: record?.state.intent?.intentId ?? '',
      settings: this.parts.pauses.settingsOf(registration),
      fresh: { body: { key }, keepFresh: registration.keepFresh !== false },
    };
  }

  async #prepare({ key, registration, reason }: RenewalTask, plan: GuardedPlan): Promise<Ready> {
    if (plan.kind === 'giveUp') {
      return failedAnswer('reauthorizationRequired', plan.code, plan.message);
    }
    const { endpoint, pauses } = this.parts;
    // A pause that cannot be read holds nothing back.
    const pause = await pauses.find(registration).catch(() => undefined);
    if (pause !== undefined && !(reason === 'manual' && pause.outcome === 'misconfigured')) {
      return { outcome: 'paused', pause };
    }
    return endpoint.prepare(registration, key);
  }

  async #send(
    { key, registration }: RenewalTask,
    plan: GuardedPlan,
    ready: Ready,
    how: Pick<TokenCall, 'timeoutMs' | 'extensionMs' | 'maySend' | 'tokens'>,
  ): Promise<TokenCallResult | Paused> {
    if ('outcome' in ready) return ready;
    // A plan that gives up is never ready to send.
    if (plan.kind === 'giveUp') return { outcome: 'leaseExpired' };
    return this.parts.endpoint.send({ registration, key, grant: plan.grant, ...how }, ready);
  }
}
