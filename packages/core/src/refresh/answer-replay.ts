import { canonicalKey, type TokenKey } from '../model/token-key.js';
import type { CommitCommand } from '../record/record-command.js';
import { EMPTY_RECORD, type RecordState, TOMBSTONE_MS } from '../record/record-state.js';
import { update } from '../record/transition.js';
import type { Registrations } from '../registrations/registrations.js';
import type { RecordBody, TokenRecord } from '../store/token-store.js';
import { compact } from '../util/compact.js';
import type { KeptAnswer } from './answer-journal.js';
import type { RenewalParts } from './renewal.js';

/**
 * Commits answers that a process wrote down and could not store before it died. A commit that did arrive is not made again.
 *
 * @internal
 */
export class AnswerReplay {
  constructor(
    private readonly parts: RenewalParts,
    private readonly registrations: Registrations,
  ) {}

  /** Commits now, or as soon as the store is there; until then the tokens are served from memory. Resolves after the first try. */
  async start(answer: KeptAnswer): Promise<void> {
    const { key, command } = answer;
    const { unconfirmed, known, store, journal, time } = this.parts;
    if (time.now() - command.facts.issuedAt > TOMBSTONE_MS) {
      // By now nothing may be left of a logout.
      journal.putAside(command.intentId, 'it is older than the store remembers logouts');
      return;
    }
    const canonical = canonicalKey(key);
    const commit = (): Promise<void> => this.#commit(canonical, answer);
    try {
      await commit();
    } catch {
      const record = provisional(store.idOf(key), key, EMPTY_RECORD, command);
      known.remember(canonical, record);
      unconfirmed.keep(canonical, record, commit);
    }
  }

  async #commit(canonical: string, { key, command }: KeptAnswer): Promise<void> {
    const { store, journal, known, announcer, endpoint } = this.parts;
    const { answer, record } = await store.commit(key, command);
    journal.settled(command, answer);
    // What was served meanwhile is not what the store has.
    if (answer.kind !== 'committed') known.forget(canonical);
    const found = this.registrations.find(key.registrationId);
    const registration = await found.catch(() => undefined);
    if (registration === undefined) return;
    const about = { key, registration, reason: command.reason };
    if (answer.kind === 'committed') {
      known.remember(canonical, record);
      announcer.stored(about, undefined, record);
    }
    const { tokens } = command.body;
    if (answer.kind === 'oldEpoch' && tokens !== undefined) {
      void endpoint.revokeLater(about, tokens);
    }
  }
}

/**
 * A record as it will be once the store has the tokens; what the store will keep of them is not known.
 *
 * @internal
 */
export function provisional(
  id: string,
  key: TokenKey,
  before: RecordState<unknown>,
  command: CommitCommand<RecordBody>,
): TokenRecord {
  const state = update(before, {
    body: undefined,
    intent: undefined,
    status: 'active',
    version: command.base.version + 1,
    epoch: command.newEpoch ?? command.base.epoch,
    facts: command.facts,
  });
  return compact({ id, key, tokens: command.body.tokens, state });
}
