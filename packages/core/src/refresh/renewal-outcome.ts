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
import { reuseNow } from './lease-of.js';
import { breakerDelay, holdUntil, isAnswered, isFaultOfClient, type Pause } from './pause.js';
import type { PauseNames } from './pause-names.js';

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
  /** Of the pauses that its failure may lead to, or its success end. */
  readonly names: PauseNames;
}

type Sent =
  | TokenAnswer
  | { readonly outcome: 'leaseExpired' }
  | { readonly outcome: 'paused'; readonly pause: Pause };

const TOO_EARLY_MS = 5_000;

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
    await this.#note(renewal.names, sent);
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
        return this.#backOff(renewal, sent, await pauses.throttle(renewal.names, sent));
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

  /** What a request tells about its endpoint, beside what it was for. */
  async #note(names: PauseNames, sent: Sent): Promise<void> {
    if (sent.outcome === 'refreshed' || sent.outcome === 'leaseExpired') return;
    if (sent.outcome === 'paused') return;
    const { pauses } = this.parts;
    await pauses.failed(names, sent);
    if (!isAnswered(sent)) return;
    const isRefused = sent.outcome === 'misconfigured';
    const ended = [names.provider, names.endpoint, ...(isRefused ? [] : [names.breaker])];
    await pauses.ended(...ended).catch(() => undefined);
  }

  #paused(renewal: Begun, pause: Pause): Promise<RenewalStep> {
    const { time, random } = this.parts;
    const expiresAt = renewal.begun.tokens?.expiresAt ?? 0;
    const until = holdUntil(pause, expiresAt, time.now(), random());
    const settings = pause.outcome === 'misconfigured' ? renewal.names.settings : undefined;
    return this.#backOff(renewal, pause, until, compact({ settings, held: true as const }));
  }

  /** A fault of the client stops its registration; one of this request stops this key alone. */
  async #misconfigured(renewal: Begun, answer: FailedAnswer): Promise<RenewalStep> {
    const { pauses, time } = this.parts;
    const attempt = renewal.begun.state.backoff?.attempt ?? 0;
    const { names } = renewal;
    const until = isFaultOfClient(answer)
      ? await pauses.misconfigured(names, answer)
      : time.now() + breakerDelay(attempt);
    return this.#backOff(renewal, answer, until, { settings: names.settings });
  }

  async #backOff(
    renewal: Begun,
    answer: FailedAnswer,
    until: number,
    how: { readonly settings?: string; readonly held?: true } = {},
  ): Promise<RenewalStep> {
    const failure = this.#failure(answer, until);
    const outcome = { kind: 'backoff' as const, until, failure, ...how };
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

  /**
   * Only a refresh token that may have been spent has to rest; anything else can simply be tried again. Within a grace it is sent again at
   * once, the first time: later the grace may be over.
   */
  async #ambiguous(renewal: Begun, answer: FailedAnswer): Promise<RenewalStep> {
    const { intent, failure: before } = renewal.begun.state;
    const { refreshTokenReuse } = renewal.task.registration.provider;
    const reuse = reuseNow(refreshTokenReuse, intent, this.parts.time.now());
    if (!isRefresh(renewal.plan) || reuse === 'reusable') {
      return this.#backOff(renewal, answer, this.parts.time.now() + this.#delay(renewal));
    }
    const failure = this.#failure(answer, undefined);
    const { answer: settled, record } = await this.#write(renewal, { kind: 'ambiguous', failure });
    const step = this.#failed(renewal, answer, settled, record);
    if (typeof reuse === 'object') {
      const isFirst = settled.kind === 'settled' && before?.outcome !== 'ambiguous';
      return isFirst ? { kind: 'again', replayOf: renewal.intentId } : step;
    }
    // A new login settles the question without a second use of the refresh token.
    return (await this.#canLogin(renewal)) ? { kind: 'again' } : step;
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
