import { canonicalKey, type TokenKey } from '../model/token-key.js';
import { touchRecord } from '../record/put-record.js';
import type { TouchCommand } from '../record/record-command.js';
import { EMPTY_RECORD, type RecordState } from '../record/record-state.js';
import {
  type RecordAnswers,
  type RecordCommands,
  type RecordVerb,
  reduceRecord,
} from '../record/reduce-record.js';
import { current } from '../record/transition.js';
import { Keyring } from '../seal/keyring.js';
import { type Clock, systemClock } from '../timing/clock.js';
import { compact } from '../util/compact.js';
import {
  type RecordBody,
  type SharedEntry,
  type Stored,
  type TokenChange,
  type TokenRecord,
  TokenStore,
} from './token-store.js';

type Commands = RecordCommands<RecordBody>;

/** How many records one page of `list` holds unless asked otherwise. */
const PAGE = 100;

/**
 * Records in this process's memory: nothing outlives it.
 *
 * Its time is the wall clock as it stood at the start plus monotonic time since. Ids and fingerprints are under a random key.
 *
 * @public
 */
export class MemoryTokenStore extends TokenStore {
  override readonly remote = false;
  readonly #records = new Map<string, RecordState<RecordBody>>();
  readonly #shared = new Map<string, SharedEntry & { readonly until: number }>();
  readonly #listeners = new Set<(change: TokenChange) => void>();
  readonly #keyring = Keyring.ephemeral();
  readonly #offset: number;

  constructor(private readonly clock: Clock = systemClock) {
    super();
    this.#offset = clock.now() - clock.monotonic();
  }

  override start(): Promise<void> {
    return Promise.resolve();
  }

  override time(): Promise<number> {
    return Promise.resolve(this.#now());
  }

  override idOf(key: TokenKey): string {
    return this.#keyring.idHmac(canonicalKey(key));
  }

  override fingerprint(secret: string): string {
    return this.#keyring.idHmac(`fingerprint:${secret}`);
  }

  override read(key: TokenKey): Promise<TokenRecord | undefined> {
    const id = this.idOf(key);
    const state = this.#records.get(id);
    if (state === undefined) return Promise.resolve(undefined);
    return Promise.resolve(toRecord(id, key, current(state, this.#now())));
  }

  override touch(key: TokenKey, command: TouchCommand): Promise<void> {
    const id = this.idOf(key);
    const state = this.#records.get(id);
    if (state !== undefined) this.#records.set(id, touchRecord(state, command));
    return Promise.resolve();
  }

  override claimDue(options: {
    readonly limit: number;
    readonly leaseMs: number;
  }): Promise<{ readonly records: readonly TokenRecord[]; readonly nextDueAt?: number }> {
    const now = this.#now();
    this.#purge(now);
    const due = [...this.#records]
      .filter(([, state]) => state.scheduledAt <= now)
      .sort(([, a], [, b]) => a.scheduledAt - b.scheduledAt)
      .slice(0, options.limit);
    for (const [id, state] of due) {
      this.#records.set(id, { ...state, scheduledAt: now + options.leaseMs });
    }
    const records = due.map(([id, state]) => toRecord(id, undefined, state));
    const claimed = new Set(due.map(([id]) => id));
    let nextDueAt = Infinity;
    for (const [id, state] of this.#records) {
      if (!claimed.has(id)) nextDueAt = Math.min(nextDueAt, state.scheduledAt);
    }
    return Promise.resolve(nextDueAt === Infinity ? { records } : { records, nextDueAt });
  }

  override list(
    options: { readonly cursor?: string; readonly limit?: number } = {},
  ): Promise<{ readonly records: readonly TokenRecord[]; readonly cursor?: string }> {
    this.#purge(this.#now());
    const start = Number(options.cursor ?? 0);
    const end = start + (options.limit ?? PAGE);
    const records = [...this.#records]
      .slice(start, end)
      .filter(([, state]) => state.body !== undefined)
      .map(([id, state]) => toRecord(id, undefined, state));
    const cursor = end < this.#records.size ? String(end) : undefined;
    return Promise.resolve(compact({ records, cursor }));
  }

  override seal(plaintext: Uint8Array, context: string): Uint8Array {
    return this.#keyring.seal(plaintext, context);
  }

  override open(sealed: Uint8Array, context: string): Uint8Array {
    return this.#keyring.open(sealed, context);
  }

  override getShared(name: string): Promise<SharedEntry | undefined> {
    return Promise.resolve(this.#sharedEntry(name));
  }

  override casShared(
    name: string,
    expectedVersion: number,
    value: string,
    ttlMs: number,
  ): Promise<boolean> {
    if ((this.#sharedEntry(name)?.version ?? 0) !== expectedVersion) return Promise.resolve(false);
    this.#shared.set(name, { version: expectedVersion + 1, value, until: this.#now() + ttlMs });
    return Promise.resolve(true);
  }

  override subscribe(listener: (change: TokenChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  override close(): Promise<void> {
    this.#listeners.clear();
    return Promise.resolve();
  }

  /** Tombstones end; what is left of one that had seeds is their fingerprints. */
  #purge(now: number): void {
    for (const [id, state] of this.#records) {
      if (state.tombstoneUntil === undefined || state.tombstoneUntil > now) continue;
      const rest = current(state, now);
      if (rest === EMPTY_RECORD) this.#records.delete(id);
      else this.#records.set(id, rest);
    }
  }

  #sharedEntry(name: string): SharedEntry | undefined {
    const slot = this.#shared.get(name);
    if (slot === undefined || slot.until <= this.#now()) return undefined;
    return { version: slot.version, value: slot.value };
  }

  #now(): number {
    return Math.floor(this.clock.monotonic() + this.#offset);
  }

  override apply<Verb extends RecordVerb>(
    key: TokenKey,
    verb: Verb,
    command: Commands[Verb],
  ): Promise<Stored<RecordAnswers[Verb]>> {
    const id = this.idOf(key);
    const { state, answer, change } = reduceRecord(
      this.#records.get(id),
      verb,
      command,
      this.#now(),
    );
    if (state.version > 0 || state.body !== undefined) this.#records.set(id, state);
    const record = toRecord(id, key, state);
    if (change !== undefined)
      this.#tell({ id, version: state.version, kind: change, origin: 'local' });
    return Promise.resolve({ answer, record });
  }

  #tell(change: TokenChange): void {
    for (const listener of this.#listeners) listener(change);
  }
}

function toRecord(
  id: string,
  key: TokenKey | undefined,
  state: RecordState<RecordBody>,
): TokenRecord {
  const whose = key ?? state.body?.key;
  if (whose === undefined) throw new Error(`The record ${id} does not say whose it is.`);
  return compact({ id, key: whose, tokens: state.body?.tokens, state });
}
