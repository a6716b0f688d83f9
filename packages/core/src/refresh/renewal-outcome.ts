import { failedAnswer } from '../provider/failed-answer.js';
import type { FailedAnswer, TokenAnswer } from '../provider/token-answer.js';
import type { RecordBase, SettleAnswer, SettleOutcome } from '../record/record-command.js';
import type { RenewalFailure } from '../record/record-state.js';
import type { Stored, TokenRecord } from '../store/token-store.js';
import { backoffDelay, clampRetryAfter } from '../timing/backoff.js';
import { compact } from '../util/compact.js';
import type { RenewalParts, RenewalResult, RenewalStep, RenewalTask } from './renewal.js';
import { RenewalCommit } from './renewal-commit.js';
import { type GuardedPlan, isRefresh } from './renewal-plan.js';
import { canLoginWith } from './self-login.js';
import { breakerDelay, isFaultOfClient, type Pause } from './shared-pauses.js';

/** A begun renewal whose request has been answered. @internal */
export interface Begun {
  readonly task: RenewalTask;
  readonly plan: GuardedPlan;
  /** As it was planned by. */
  readonly record: TokenRecord | undefined;
  /** As it stands with the intent. */
  readonly begun: TokenRecord;
  readonly intentId: string;
  readonly base: RecordBase;
}

type Sent =
  | TokenAnswer
  | { readonly outcome: 'leaseExpired' }
  | { readonly outcome: 'paused'; readonly pause: Pause };

const TOO_EARLY_MS = 5_000;
const PAUSE_SPREAD_MS = 5_000;

const LEASE_EXPIRED = failedAnswer(
  'transient',
  'lease_expired',
  'Too much time passed before the request could be sent, so it was not.',
);

/**
 * Ends a begun renewal by the class of its answer: commits new tokens, or settles the intent.
 *
 * @internal
 */
export class RenewalOutcome {
  readonly #commit: RenewalCommit;

  constructor(private readonly parts: RenewalParts) {
    this.#commit = new RenewalCommit(parts);
  }

  async settle(renewal: Begun, sent: Sent): Promise<RenewalStep> {
    const { time, pauses } = this.parts;
    const { registration } = renewal.task;
    switch (sent.outcome) {
      case 'refreshed':
        return this.#commit.commit(renewal, sent);
      case 'leaseExpired':
        return this.#backOff(renewal, LEASE_EXPIRED, time.now() + this.#delay(renewal));
      case 'paused':
        return this.#paused(renewal, sent.pause);
      case 'transient': {
        const asked = sent.retryAfterMs;
        const delay = asked === undefined ? this.#delay(renewal) : clampRetryAfter(asked, 1_000);
        return this.#backOff(renewal, sent, time.now() + delay);
      }
      case 'throttled':
        return this.#backOff(renewal, sent, await pauses.throttle(registration, sent));
      case 'misconfigured':
        return this.#misconfigured(renewal, sent);
      case 'tooEarly':
        return this.#tooEarly(renewal, sent);
      case 'ambiguous':
        return this.#ambiguous(renewal, sent);
      case 'reauthorizationRequired':
        return this.#refused(renewal, sent);
    }
  }

  /** Those that a pause held back do not come all at once when it ends. */
  #paused(renewal: Begun, pause: Pause): Promise<RenewalStep> {
    const until = Math.round(pause.until + this.parts.random() * PAUSE_SPREAD_MS);
    const settings = pause.outcome === 'misconfigured' ? this.#settings(renewal) : undefined;
    return this.#backOff(renewal, pause, until, settings);
  }

  /** A fault of the client stops its registration; one of this request stops this key alone. */
  async #misconfigured(renewal: Begun, answer: FailedAnswer): Promise<RenewalStep> {
    const { pauses, time } = this.parts;
    const attempt = renewal.begun.state.backoff?.attempt ?? 0;
    const until = isFaultOfClient(answer)
      ? await pauses.misconfigured(renewal.task.registration, answer)
      : time.now() + breakerDelay(attempt);
    return this.#backOff(renewal, answer, until, this.#settings(renewal));
  }

  #settings({ task }: Begun): string {
    return this.parts.pauses.settingsOf(task.registration);
  }

  async #backOff(
    renewal: Begun,
    answer: FailedAnswer,
    until: number,
    settings?: string,
  ): Promise<RenewalStep> {
    const failure = this.#failure(answer, until);
    const outcome = compact({ kind: 'backoff' as const, until, failure, settings });
    const { answer: settled, record } = await this.#write(renewal, outcome);
    return this.#failed(renewal, answer, settled, record);
  }

  async #tooEarly(renewal: Begun, answer: FailedAnswer): Promise<RenewalStep> {
    const earliestMs = renewal.task.registration.provider.earliestRefreshBeforeExpiryMs ?? 0;
    const expiresAt = renewal.record?.tokens?.expiresAt ?? 0;
    const asked = clampRetryAfter(answer.retryAfterMs, TOO_EARLY_MS);
    const until = Math.max(expiresAt - earliestMs, this.parts.time.now() + asked);
    const { answer: settled, record } = await this.#write(renewal, { kind: 'tooEarly', until });
    return this.#failed(renewal, answer, settled, record, until);
  }

  /** Only a refresh token that may have been spent has to rest; anything else can simply be tried again. */
  async #ambiguous(renewal: Begun, answer: FailedAnswer): Promise<RenewalStep> {
    const { refreshTokenReuse } = renewal.task.registration.provider;
    if (!isRefresh(renewal.plan) || refreshTokenReuse === 'reusable') {
      return this.#backOff(renewal, answer, this.parts.time.now() + this.#delay(renewal));
    }
    const failure = this.#failure(answer, undefined);
    const { answer: settled, record } = await this.#write(renewal, { kind: 'ambiguous', failure });
    const step = this.#failed(renewal, answer, settled, record);
    // A new login settles the question without a second use of the refresh token.
    const login = refreshTokenReuse === 'strict' && (await this.#canLogin(renewal));
    return login ? { kind: 'again' } : step;
  }

  async #refused(renewal: Begun, answer: FailedAnswer): Promise<RenewalStep> {
    const { task, plan } = renewal;
    const failure = this.#failure(answer, undefined);
    const login = plan.kind === 'login';
    const canLogin = !login && (await this.#canLogin(renewal));
    const outcome: SettleOutcome = login
      ? { kind: 'loginRefused', failure }
      : { kind: 'dead', canLogin, failure };
    const { answer: settled, record } = await this.#write(renewal, outcome);
    if (settled.kind === 'dead' && !canLogin) {
      this.parts.announcer.reauthorizationRequired(task, record.state.version, answer);
    }
    if (settled.kind === 'dead' && canLogin) {
      this.parts.announcer.failed(task, record.state.version, answer);
      return { kind: 'again' };
    }
    const final = settled.kind === 'dead' || settled.kind === 'alreadyDead';
    return final ? { kind: 'done', result: knownDead(record) } : { kind: 'again' };
  }

  /** Whether the key can log in by itself; when that cannot be told now, the login will show. */
  async #canLogin({ task, begun }: Begun): Promise<boolean> {
    try {
      const grant = await task.selfLogin();
      return canLoginWith(this.parts.store, task.registration, grant, begun.state);
    } catch {
      return true;
    }
  }

  #failed(
    renewal: Begun,
    answer: FailedAnswer,
    settled: SettleAnswer,
    record: TokenRecord,
    nextTryAt = record.state.failure?.nextTryAt,
  ): RenewalStep {
    if (settled.kind !== 'settled') return { kind: 'again' };
    const { outcome, code, message } = answer;
    this.parts.announcer.failed(renewal.task, record.state.version, answer, nextTryAt);
    const since = record.state.failure?.since;
    return { kind: 'done', result: compact({ outcome, code, message, since, nextTryAt }) };
  }

  #write(renewal: Begun, outcome: SettleOutcome): Promise<Stored<SettleAnswer>> {
    const { task, intentId, base } = renewal;
    return this.parts.store.settle(task.key, { intentId, base, reason: task.reason, outcome });
  }

  #failure(
    { outcome, code, message }: FailedAnswer,
    nextTryAt: number | undefined,
  ): RenewalFailure {
    return compact({ outcome, code, message, since: this.parts.time.now(), nextTryAt });
  }

  #delay({ begun }: Begun): number {
    const remaining = (begun.tokens?.expiresAt ?? 0) - this.parts.time.now();
    return backoffDelay(begun.state.backoff?.attempt ?? 0, remaining, this.parts.random());
  }
}

/** The result for a key whose backoff is not over. @internal */
export function heldBack(record: TokenRecord, until: number): RenewalResult {
  const { failure } = record.state;
  return compact({
    outcome: failure?.outcome ?? ('transient' as const),
    code: failure?.code ?? 'backoff',
    message: failure?.message ?? 'The last renewal failed.',
    since: failure?.since,
    nextTryAt: until,
  });
}

/** The result for a key that nothing here can log in. @internal */
export function knownDead(record: TokenRecord): RenewalResult {
  const { failure } = record.state;
  return compact({
    outcome: 'reauthorizationRequired' as const,
    code: failure?.code ?? 'login_required',
    message: failure?.message ?? 'The refresh token is dead.',
    since: failure?.since,
  });
}
