import { newId } from '../util/new-id.js';
import { canonicalKey, type TokenKey } from '../model/token-key.js';
import type { TokenSet } from '../model/token-set.js';
import type { ReceivedTokens, TokenAnswer } from '../provider/token-answer.js';
import type { CommitAnswer, CommitCommand } from '../record/record-command.js';
import type { RecordBody, Stored, TokenRecord } from '../store/token-store.js';
import { backoffDelay } from '../timing/backoff.js';
import { hasSpent } from '../record/transition.js';
import { compact } from '../util/compact.js';
import { provisional } from './answer-replay.js';
import { mergeTokens } from './merge-tokens.js';
import type { RenewalParts, RenewalStep } from './renewal.js';
import type { Begun } from './renewal-outcome.js';
import { tokenFacts } from './token-facts.js';

type Refreshed = Extract<TokenAnswer, { outcome: 'refreshed' }>;

/**
 * Commits the tokens of an answer by compare-and-set.
 *
 * @internal
 */
export class RenewalCommit {
  constructor(private readonly parts: RenewalParts) {}

  async commit(renewal: Begun, answer: Refreshed): Promise<RenewalStep> {
    const command = await this.#command(renewal, answer);
    const { key } = renewal.task;
    this.parts.journal.keep({ key, command });
    const attempt = (): Promise<RenewalStep> => this.#attempt(renewal, answer, command);
    try {
      return await attempt();
    } catch {
      // Whatever keeps the store from it: an answer is never dropped.
      const { id, state } = renewal.begun;
      const record = provisional(id, key, state, command);
      this.parts.unconfirmed.keep(canonicalKey(key), record, attempt);
      await this.parts.journal.write(command.intentId);
      return { kind: 'done', result: { outcome: 'refreshed', record } };
    }
  }

  async #attempt(
    renewal: Begun,
    answer: Refreshed,
    command: CommitCommand<RecordBody>,
  ): Promise<RenewalStep> {
    const { announcer, pauses, known, journal } = this.parts;
    const { task, record } = renewal;
    const stored = await this.#store(task.key, command);
    journal.settled(command, stored.answer);
    if (stored.answer.kind === 'committed') {
      known.remember(canonicalKey(task.key), stored.record);
      if (answer.defect === undefined) {
        const { provider, endpoint, breaker } = renewal.names;
        await pauses.ended(provider, endpoint, breaker).catch(() => undefined);
      }
      announcer.stored(task, record, stored.record);
      return this.#done(renewal, answer, stored.record);
    }
    const { tokens } = command.body;
    if (stored.answer.kind === 'oldEpoch' && tokens !== undefined) {
      void this.parts.endpoint.revokeLater(task, tokens);
    }
    return { kind: 'again' };
  }

  /** A store that has gone back to an ended login gets what it has lost first, and only then says whose time is over. */
  async #store(key: TokenKey, command: CommitCommand<RecordBody>): Promise<Stored<CommitAnswer>> {
    const { store, known } = this.parts;
    const stored = await store.commit(key, command);
    if (stored.answer.kind !== 'oldEpoch') return stored;
    const { record } = await known.read(key);
    const isBack = record?.state.epoch === command.base.epoch && command.newEpoch === undefined;
    return isBack ? store.commit(key, command) : stored;
  }

  async #command(renewal: Begun, answer: Refreshed): Promise<CommitCommand<RecordBody>> {
    const { task, plan, record, begun, intentId, base } = renewal;
    const { seedFingerprints } = begun.state;
    const login = plan.kind === 'login';
    const received = login ? answer.tokens : this.#withoutSpent(renewal, answer.tokens);
    const tokens = mergeTokens(login ? undefined : record?.tokens, received);
    const { store, random } = this.parts;
    const canLogin = async (): Promise<boolean> => (await task.selfLogin()) !== undefined;
    const { provider } = task.registration;
    const facts = await tokenFacts(store, provider, tokens, random(), canLogin);
    return compact({
      intentId,
      base,
      body: { key: task.key, tokens },
      facts,
      keepFresh: task.registration.keepFresh !== false,
      reason: task.reason,
      newEpoch: login ? newId() : undefined,
      sentFingerprint: plan.kind === 'refresh' ? plan.fingerprint : undefined,
      seedFingerprints: seedFingerprints.length > 0 ? seedFingerprints : undefined,
      defect:
        answer.defect === undefined ? undefined : this.#defect(renewal, answer.defect, tokens),
    });
  }

  /** Some servers answer a late repetition with a refresh token that has been spent: it would revoke the family. */
  #withoutSpent({ task, begun }: Begun, received: ReceivedTokens): ReceivedTokens {
    const { refreshToken, ...rest } = received;
    if (refreshToken === undefined) return received;
    const fingerprint = this.parts.store.fingerprint(refreshToken);
    const strict = task.registration.provider.refreshTokenReuse === 'strict';
    const present = begun.state.facts?.refreshFingerprint === fingerprint;
    return strict && !present && hasSpent(begun.state, fingerprint) ? rest : received;
  }

  #defect(
    { begun }: Begun,
    defect: NonNullable<Refreshed['defect']>,
    tokens: TokenSet,
  ): NonNullable<CommitCommand<RecordBody>['defect']> {
    const now = this.parts.time.now();
    const attempt = begun.state.backoff?.attempt ?? 0;
    const retryAt = now + backoffDelay(attempt, tokens.expiresAt - now, this.parts.random());
    const { outcome, code, message } = defect;
    return { retryAt, failure: { outcome, code, message, since: now, nextTryAt: retryAt } };
  }

  #done(renewal: Begun, { defect }: Refreshed, record: TokenRecord): RenewalStep {
    if (defect === undefined) return { kind: 'done', result: { outcome: 'refreshed', record } };
    const { outcome, code, message } = defect;
    const { since, nextTryAt } = record.state.failure ?? {};
    this.parts.announcer.failed(renewal.task, record.state.version, defect, nextTryAt);
    return { kind: 'done', result: compact({ outcome, code, message, since, nextTryAt }) };
  }
}
