import { canonicalKey, type TokenKey } from '../model/token-key.js';
import { EMPTY_RECORD, TOMBSTONE_MS } from '../record/record-state.js';
import { hasLostIntent, isProvablyOlder, isRestorable } from '../record/restore-record.js';
import { isNeverWritten } from '../record/transition.js';
import { leaseOf } from '../refresh/lease-of.js';
import type { RenewalAnnouncer } from '../refresh/renewal-announcer.js';
import type { Registrations } from '../registrations/registrations.js';
import type { TokenChange, TokenRecord, TokenStore } from '../store/token-store.js';
import type { Clock } from '../timing/clock.js';
import type { StoreTime } from '../timing/store-time.js';
import { BoundedMap } from '../util/bounded-map.js';
import { newId } from '../util/new-id.js';
import { GapSweep } from './gap-sweep.js';
import { RecordMemory, type RememberedRecord, type Standing } from './record-memory.js';

/** What the store says of a key, and how that stands to what is known. @internal */
export interface Reading {
  readonly record: TokenRecord | undefined;
  readonly standing: Standing;
}

interface KnownParts {
  readonly store: TokenStore;
  readonly registrations: Registrations;
  readonly announcer: RenewalAnnouncer;
  readonly time: StoreTime;
  readonly clock: Clock;
}

const MOST_DOUBTED = 10_000;

/** A record that changes under every one of so many reads is as its last read says. */
const MOST_READS = 3;

/**
 * Reads records, and makes good what the store has lost: what this process knows and can prove to be newer is put back first.
 *
 * @internal
 */
export class KnownRecords {
  readonly #memory = new RecordMemory();
  readonly #sweep: GapSweep;
  readonly #unsubscribe: () => void;
  /** The records that the fleet was asked for. */
  readonly #doubted = new BoundedMap<string, true>(MOST_DOUBTED);
  #heardAt: { readonly wall: number; readonly monotonic: number };

  constructor(private readonly parts: KnownParts) {
    const { store, clock } = parts;
    this.#heardAt = { wall: clock.now(), monotonic: clock.monotonic() };
    this.#sweep = new GapSweep(clock, {
      keys: () => this.#memory.unconfirmed(),
      compare: (key) => this.read(key),
    });
    this.#unsubscribe = store.subscribe((change) => {
      this.#hear(change);
    });
  }

  get(canonical: string): RememberedRecord | undefined {
    return this.#memory.get(canonical);
  }

  /** Whether it can be served without another look at the store. */
  isConfirmed(entry: RememberedRecord): boolean {
    return this.#memory.isConfirmed(entry);
  }

  /** Keeps a record as the store has just answered it, unless a newer one is known. */
  remember(canonical: string, record: TokenRecord): void {
    this.#memory.set(canonical, record, this.parts.clock.monotonic());
  }

  forget(canonical: string): void {
    this.#memory.delete(canonical);
  }

  /**
   * The record as the store has it, once it has what is known here.
   *
   * @throws {@link StoreUnavailableError}
   */
  async read(key: TokenKey): Promise<Reading> {
    const { store } = this.parts;
    const canonical = canonicalKey(key);
    const id = store.idOf(key);
    for (let reads = 1; ; reads += 1) {
      const mark = this.#memory.markOf(canonical, id);
      const record = await store.read(key);
      this.#contact();
      // What has changed while it was read is read again: nobody gets what was replaced or forgotten.
      const isOld = this.#memory.markOf(canonical, id) !== mark;
      if (!isOld || reads === MOST_READS) return this.#reconcile(key, canonical, id, record);
    }
  }

  /** Has the whole fleet compare what it knows with the store, which seems to have lost a record; see {@link KnownRecords.settled} for its end. */
  async doubt(key: TokenKey): Promise<void> {
    const { store } = this.parts;
    this.#doubted.set(store.idOf(key), true);
    await store.tellGap();
  }

  /** Waits until refresh tokens may be sent; see {@link GapSweep.settled}. */
  settled(key: TokenKey): Promise<'free' | 'waited' | 'ended'> {
    return this.#sweep.settled(canonicalKey(key));
  }

  /** How many gaps in the changes there have been. */
  get gaps(): number {
    return this.#sweep.gaps;
  }

  /** Whether the refresh token of a key may be sent now, as it was planned when there had been so many gaps. */
  isFree(key: TokenKey, gaps: number): boolean {
    return this.#sweep.gaps === gaps && this.#sweep.isFree(canonicalKey(key));
  }

  /** No more waits. */
  endWaits(): void {
    this.#sweep.end();
  }

  /** No more listening to the store. */
  async close(): Promise<void> {
    this.#unsubscribe();
    await this.#sweep.close();
  }

  #hear(change: TokenChange): void {
    if (change.kind !== 'gap') {
      this.#contact();
      this.#memory.apply(change, this.parts.time.now());
      return;
    }
    const { clock } = this.parts;
    const silence = Math.max(
      clock.now() - this.#heardAt.wall,
      clock.monotonic() - this.#heardAt.monotonic,
    );
    // A tombstone may have come and gone meanwhile: then what is known proves nothing.
    if (silence >= TOMBSTONE_MS) this.#memory.clear();
    this.#memory.gap();
    this.#sweep.start();
  }

  #contact(): void {
    const { clock } = this.parts;
    this.#heardAt = { wall: clock.now(), monotonic: clock.monotonic() };
  }

  async #reconcile(
    key: TokenKey,
    canonical: string,
    id: string,
    record: TokenRecord | undefined,
  ): Promise<Reading> {
    const { time, clock } = this.parts;
    const now = time.now();
    const known = this.#memory.get(canonical)?.record.state ?? this.#memory.tombstone(id);
    const isLess = known !== undefined && isProvablyOlder(record?.state ?? EMPTY_RECORD, known);
    const hasLost = known !== undefined && hasLostIntent(record?.state ?? EMPTY_RECORD, known, now);
    if (hasLost || (isLess && isRestorable(known, now))) {
      return { record: await this.#restore(key, canonical, known, record), standing: 'current' };
    }
    if ((record === undefined || isNeverWritten(record.state)) && this.#memory.hasHeard(id)) {
      if (!this.#doubted.delete(id)) return { record, standing: 'lost' };
      this.#memory.unhear(id);
    }
    // Tokens whose commit is still to be confirmed stay in memory.
    if (isLess && known.status === 'active') return { record, standing: 'current' };
    return { record, standing: this.#memory.confirm(canonical, record, clock.monotonic()) };
  }

  async #restore(
    key: TokenKey,
    canonical: string,
    known: TokenRecord['state'],
    stored: TokenRecord | undefined,
  ): Promise<TokenRecord> {
    const { store, registrations, announcer } = this.parts;
    const registration = await registrations.find(key.registrationId).catch(() => undefined);
    const { leaseMs, takeoverMs } = leaseOf(registration, known.facts);
    const restMs = leaseMs + takeoverMs;
    const { answer, record } = await store.restore(key, { intentId: newId(), known, restMs });
    this.remember(canonical, record);
    if (answer.kind === 'restored') {
      const isEmpty = stored === undefined || isNeverWritten(stored.state);
      announcer.restored(key, record.state.version, isEmpty ? 'storeEmpty' : 'storeBehind');
    }
    return record;
  }
}
