import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';
import type {
  BeginAnswer,
  BeginCommand,
  CommitAnswer,
  CommitCommand,
  PutCommand,
  RecordBase,
  RecordBody,
  RenewalFailure,
  SettleAnswer,
  SettleOutcome,
  Stored,
  TokenFacts,
  TokenKey,
  TokenRecord,
  TokenSet,
  TokenStore,
} from '@oauth-token/core';

/** How long intents and claims hold, ms: short, so that a store on real time can be waited for. @internal */
export const LEASE_MS = 500;

/** How long an orphan stays untouched beyond its lease, ms. @internal */
export const TAKEOVER_MS = 500;

/** Enough to be beyond an instant, ms. @internal */
export const MARGIN_MS = 60;

/** One case of the suite, before it has a store. @internal */
export interface StoreCase {
  readonly name: string;
  /** Needs hours to pass. */
  readonly long?: true;
  readonly run: (bench: StoreBench) => Promise<void>;
}

/** The base of a key that nothing was written for. @internal */
export const NOTHING: RecordBase = { version: 0, epoch: '' };

/** What a command is based on. @internal */
export const baseOf = ({ state }: TokenRecord): RecordBase => ({
  version: state.version,
  epoch: state.epoch,
});

/** A key of its own for each name. @internal */
export const keyOf = (subject: string): TokenKey => ({ registrationId: 'acme', subject });

/** A failure as the engine reports it. @internal */
export const failureOf = (
  outcome: RenewalFailure['outcome'],
  since: number,
  code = 'some_error',
): RenewalFailure => ({ outcome, code, message: 'It failed.', since });

/**
 * A store with the commands that the cases are made of; tokens are named by a word, and times are near.
 *
 * @internal
 */
export class StoreBench {
  #intents = 0;

  constructor(
    readonly store: TokenStore,
    readonly advance: (ms: number) => Promise<void>,
  ) {}

  /** A new intent id. */
  intentId(): string {
    this.#intents += 1;
    return `intent-${this.#intents}-${process.hrtime.bigint()}`;
  }

  async facts(word: string, changes: Partial<TokenFacts> = {}): Promise<TokenFacts> {
    const now = await this.store.time();
    return {
      issuedAt: now,
      expiresAt: now + 60_000,
      dueAt: now + 45_000,
      refreshFingerprint: this.store.fingerprint(`refresh-${word}`),
      ...changes,
    };
  }

  tokens(word: string, facts: TokenFacts): TokenSet {
    return {
      accessToken: `access-${word}`,
      tokenType: 'Bearer',
      issuedAt: facts.issuedAt,
      expiresAt: facts.expiresAt,
      refreshToken: `refresh-${word}`,
      scope: ['read', 'write'],
      extras: { instance_url: 'https://example.com/ü', nested: { list: [1, null, true] } },
    };
  }

  async begin(
    key: TokenKey,
    base: RecordBase,
    word: string,
    changes: Partial<BeginCommand<RecordBody>> = {},
  ): Promise<Stored<BeginAnswer> & { readonly intentId: string }> {
    const intentId = changes.intentId ?? this.intentId();
    const stored = await this.store.begin(key, {
      intentId,
      base,
      owner: 'process-1',
      kind: 'refresh',
      fingerprint: this.store.fingerprint(`refresh-${word}`),
      leaseMs: LEASE_MS,
      takeoverMs: TAKEOVER_MS,
      force: false,
      settings: 'settings-1',
      fresh: { body: { key }, keepFresh: true },
      ...changes,
    });
    return { ...stored, intentId };
  }

  async commit(
    key: TokenKey,
    base: RecordBase,
    word: string,
    changes: Partial<CommitCommand<RecordBody>> = {},
  ): Promise<Stored<CommitAnswer>> {
    const facts = changes.facts ?? (await this.facts(word));
    return this.store.commit(key, {
      intentId: this.intentId(),
      base,
      body: { key, tokens: this.tokens(word, facts) },
      facts,
      keepFresh: true,
      reason: 'due',
      ...changes,
    });
  }

  settle(
    key: TokenKey,
    base: RecordBase,
    intentId: string,
    outcome: SettleOutcome,
  ): Promise<Stored<SettleAnswer>> {
    return this.store.settle(key, { intentId, base, reason: 'due', outcome });
  }

  /** A login from outside; answers the record. */
  async put(
    key: TokenKey,
    word: string,
    changes: Partial<PutCommand<RecordBody>> = {},
  ): Promise<TokenRecord> {
    const facts = changes.facts ?? (await this.facts(word));
    const { record } = await this.store.put(key, {
      intentId: this.intentId(),
      newEpoch: `epoch-${word}`,
      body: { key, tokens: this.tokens(word, facts) },
      facts,
      keepFresh: true,
      reason: 'login',
      ...changes,
    });
    return record;
  }

  /** A refresh from announcement to storage; answers the record. */
  async renew(key: TokenKey, from: TokenRecord, word: string, was: string): Promise<TokenRecord> {
    const { intentId } = await this.begin(key, baseOf(from), was);
    const { answer, record } = await this.commit(key, baseOf(from), word, { intentId });
    assert.equal(answer.kind, 'committed');
    return record;
  }

  /** A refresh that is announced, and then told to be dead. */
  async die(key: TokenKey, from: TokenRecord, was: string): Promise<Stored<SettleAnswer>> {
    const { intentId } = await this.begin(key, baseOf(from), was);
    const failure = failureOf('reauthorizationRequired', await this.store.time());
    return this.settle(key, baseOf(from), intentId, { kind: 'dead', canLogin: false, failure });
  }

  async read(key: TokenKey): Promise<TokenRecord> {
    const record = await this.store.read(key);
    assert.ok(record, 'the record is there');
    return record;
  }

  /** The words of all claimed records. */
  async claim(
    limit = 100,
    leaseMs = 10_000,
  ): Promise<{ readonly subjects: string[]; readonly nextDueAt?: number }> {
    const { records, nextDueAt } = await this.store.claimDue({ limit, leaseMs });
    const subjects = records.map(({ key }) => key.subject ?? '').sort();
    return nextDueAt === undefined ? { subjects } : { subjects, nextDueAt };
  }
}

/** Waits for what another connection may tell a little later. @internal */
export async function eventually(check: () => void): Promise<void> {
  const deadline = performance.now() + 3_000;
  for (;;) {
    try {
      check();
      return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await wait(10);
    }
  }
}
