import type { TokenKey } from '../model/token-key.js';
import { tombstoneOf } from '../record/put-record.js';
import { EMPTY_RECORD, type RecordState } from '../record/record-state.js';
import { isProvablyOlder } from '../record/restore-record.js';
import type { TokenChange, TokenRecord } from '../store/token-store.js';
import { BoundedMap } from '../util/bounded-map.js';
import { compact } from '../util/compact.js';
import { newId } from '../util/new-id.js';

/** A record in memory. @internal */
export interface RememberedRecord {
  readonly record: TokenRecord;
  /** Monotonic time of its last comparison with the store, ms. */
  readonly readAt: number;
  /** How many gaps there had been then. */
  readonly gaps: number;
}

/**
 * How a stored record stands to what was heard of it: `lost`: it is gone, though nobody has deleted it · `behind`: newer tokens of the same login have been stored, so its refresh token is
 * spent · `ended`: somebody has logged in or out since.
 *
 * @internal
 */
export type Standing = 'current' | 'lost' | 'behind' | 'ended';

/** What was heard of a record that is not in memory itself. */
interface Note {
  /** When it was heard, on the store's clock. */
  readonly at: number;
  readonly version: number;
  /** The login that its versions before this one were of, where that is known. */
  readonly epoch?: string;
  /** That login has ended. */
  readonly ended: boolean;
  readonly forgotten: boolean;
}

/** The most records kept in memory; the one that was compared with the store longest ago goes first. */
const CAPACITY = 10_000;

/**
 * What this process knows of records, bounded: those that it has seen, tombstones among them, and how far others are known to have come.
 *
 * Nothing that is known is given up for something older. After a gap in the changes it is only not relied on any more, until it has been
 * compared with the store.
 *
 * @internal
 */
export class RecordMemory {
  readonly #entries = new Map<string, RememberedRecord>();
  readonly #canonicalOf = new Map<string, string>();
  readonly #notes: BoundedMap<string, Note>;
  #gaps = 0;

  constructor(private readonly capacity = CAPACITY) {
    this.#notes = new BoundedMap(capacity);
  }

  get(canonical: string): RememberedRecord | undefined {
    return this.#entries.get(canonical);
  }

  /** Whether no change of it can have been missed. */
  isConfirmed({ gaps }: RememberedRecord): boolean {
    return gaps === this.#gaps;
  }

  /** The keys of the records that were not compared with the store since the last gap, by their canonical forms. */
  unconfirmed(): ReadonlyMap<string, TokenKey> {
    const keys = new Map<string, TokenKey>();
    for (const [canonical, entry] of this.#entries) {
      if (!this.isConfirmed(entry)) keys.set(canonical, entry.record.key);
    }
    return keys;
  }

  /** Keeps a record, unless a newer one is known. */
  set(canonical: string, record: TokenRecord, readAt: number): void {
    const known = this.#entries.get(canonical)?.record.state;
    if (record.state.version < (this.#notes.get(record.id)?.version ?? 0)) return;
    if (known !== undefined && isProvablyOlder(record.state, known)) return;
    this.#keep(canonical, record, readAt);
  }

  /** Believes the store, which was asked after everything else that is known was. Answers how its record stands to that. */
  confirm(canonical: string, record: TokenRecord | undefined, readAt: number): Standing {
    if (record === undefined) {
      this.delete(canonical);
      return 'current';
    }
    const standing = this.#standing(record);
    const note = this.#notes.get(record.id);
    // A version below one that was heard of, and of another login: the store has begun anew.
    if (standing === 'current' && record.state.version < (note?.version ?? 0)) {
      this.#notes.delete(record.id);
    }
    if (standing === 'ended') this.delete(canonical);
    else this.#keep(canonical, record, readAt);
    return standing;
  }

  /** Changes whenever anything is learnt of a record. */
  markOf(canonical: string, id: string): string {
    const { version, epoch } = this.#entries.get(canonical)?.record.state ?? {};
    return `${version} ${epoch} ${this.#notes.get(id)?.version}`;
  }

  /** Whether newer tokens of a record were heard of than this process has seen. */
  hasHeard(id: string): boolean {
    const note = this.#notes.get(id);
    return note !== undefined && !note.forgotten && note.version > 0;
  }

  /** Believes that the store has lost it. */
  unhear(id: string): void {
    this.#notes.delete(id);
  }

  /** The tombstone of a record that is known to be forgotten, though it was not seen. */
  tombstone(id: string): RecordState<unknown> | undefined {
    const note = this.#notes.get(id);
    if (note?.forgotten !== true) return undefined;
    return tombstoneOf(
      { ...EMPTY_RECORD, epoch: note.epoch ?? '' },
      note.version,
      newId(),
      note.at,
    );
  }

  delete(canonical: string): void {
    const entry = this.#entries.get(canonical);
    if (entry === undefined) return;
    this.#entries.delete(canonical);
    this.#canonicalOf.delete(entry.record.id);
  }

  /** Changes of any record may have been missed. */
  gap(): void {
    this.#gaps += 1;
  }

  /** Gives up everything. */
  clear(): void {
    this.#entries.clear();
    this.#canonicalOf.clear();
    this.#notes.clear();
  }

  /** Drops what a change has made old. A failed renewal leaves a token as good as it was. */
  apply({ id, version, kind }: TokenChange, now: number): void {
    const canonical = this.#canonicalOf.get(id);
    const entry = canonical === undefined ? undefined : this.#entries.get(canonical);
    const ended = kind === 'forgotten' || kind === 'login';
    const isNews = version > (entry?.record.state.version ?? -1);
    const forgotten = kind === 'forgotten';
    this.#note(id, { at: now, version, ended, forgotten }, isNews, entry?.record);
    if (canonical === undefined || entry === undefined || !(isNews || ended)) return;
    this.delete(canonical);
    if (!isNews || !forgotten) return;
    const { key, state } = entry.record;
    const tombstone = { id, key, state: tombstoneOf(state, version, newId(), now) };
    this.#keep(canonical, tombstone, entry.readAt);
  }

  #note(
    id: string,
    heard: Omit<Note, 'epoch'>,
    isNews: boolean,
    record: TokenRecord | undefined,
  ): void {
    const prior = this.#notes.get(id);
    // News that came late say nothing of what is known by now.
    const epoch = isNews ? (record?.state.epoch ?? prior?.epoch) : undefined;
    const ended = heard.ended || (record === undefined && prior?.ended === true);
    this.#notes.set(id, compact({ ...heard, epoch, ended }));
  }

  #standing({ id, state }: TokenRecord): Standing {
    const note = this.#notes.get(id);
    if (note === undefined || note.epoch !== state.epoch || state.version >= note.version) {
      return 'current';
    }
    return note.ended ? 'ended' : 'behind';
  }

  #keep(canonical: string, record: TokenRecord, readAt: number): void {
    this.#entries.delete(canonical);
    this.#entries.set(canonical, { record, readAt, gaps: this.#gaps });
    this.#canonicalOf.set(record.id, canonical);
    const oldest = this.#entries.keys().next();
    if (this.#entries.size > this.capacity && !oldest.done) this.delete(oldest.value);
  }
}
