import { randomUUID } from 'node:crypto';
import type { RecordBase } from '../record/record-command.js';
import type { TokenRecord } from '../store/token-store.js';
import { type LeasePlan, planLease } from '../timing/timing-policy.js';
import { failedAnswer } from '../provider/failed-answer.js';
import { heldBack, knownDead, RenewalOutcome } from './renewal-outcome.js';
import type { RenewalParts, RenewalStep, RenewalTask } from './renewal.js';
import { type GuardedPlan, isRefresh } from './renewal-plan.js';
import type { Pause } from './shared-pauses.js';
import type { TokenCall, TokenCallResult } from './token-endpoint-client.js';

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
  ): Promise<RenewalStep> {
    const { lock, announcer, store, time } = this.parts;
    const lease = this.#leaseOf(task, record);
    const attempt = await lock.tryAcquire(store.idOf(task.key), lease.leaseMs);
    if (attempt.status === 'held') {
      announcer.lockContended(task.key, record?.state.version ?? 0);
      return { kind: 'wait', until: time.now() + lease.leaseMs };
    }
    try {
      return await this.#begin(task, plan, record, lease);
    } finally {
      if (attempt.status === 'acquired') await attempt.release();
    }
  }

  async #begin(
    task: RenewalTask,
    plan: GuardedPlan,
    record: TokenRecord | undefined,
    lease: LeasePlan,
  ): Promise<RenewalStep> {
    const { store, clock, announcer, owner } = this.parts;
    const { key, registration } = task;
    const intentId = randomUUID();
    const base: RecordBase = {
      version: record?.state.version ?? 0,
      epoch: record?.state.epoch ?? '',
    };
    const startedAt = clock.monotonic();
    const { answer, record: begun } = await store.begin(key, {
      intentId,
      base,
      owner,
      kind: isRefresh(plan) ? 'refresh' : 'login',
      fingerprint: plan.fingerprint ?? '',
      leaseMs: lease.leaseMs,
      takeoverMs: lease.takeoverMs,
      force: task.reason === 'manual',
      fresh: { body: { key }, keepFresh: registration.keepFresh !== false },
    });
    switch (answer.kind) {
      case 'ok': {
        if (answer.orphan) {
          announcer.orphanFound(key, base.version, record?.state.intent?.owner ?? 'unknown');
        }
        // Later than this the answer could come after the lease: then it is better not to send.
        const sendBefore = startedAt + lease.leaseMs - lease.timeoutMs;
        const result = await this.#send(task, plan, {
          timeoutMs: lease.timeoutMs,
          maySend: () => clock.monotonic() < sendBefore,
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

  async #send(
    task: RenewalTask,
    plan: GuardedPlan,
    how: Pick<TokenCall, 'timeoutMs' | 'maySend' | 'tokens'>,
  ): Promise<TokenCallResult | { readonly outcome: 'paused'; readonly pause: Pause }> {
    if (plan.kind === 'giveUp') {
      return failedAnswer('reauthorizationRequired', plan.code, plan.message);
    }
    const { endpoint, pauses } = this.parts;
    const { registration, key } = task;
    const pause = await pauses.find(registration);
    if (pause !== undefined && !(task.reason === 'manual' && pause.outcome === 'misconfigured')) {
      return { outcome: 'paused', pause };
    }
    return endpoint.request({ registration, key, grant: plan.grant, ...how });
  }

  #leaseOf({ registration }: RenewalTask, record: TokenRecord | undefined): LeasePlan {
    const { tokens } = record ?? {};
    const lifetime = tokens === undefined ? undefined : tokens.expiresAt - tokens.issuedAt;
    const known = lifetime !== undefined && lifetime > 0 ? lifetime : undefined;
    return planLease(registration.provider.refreshTokenReuse, known, registration.http?.timeoutMs);
  }
}
