import type { TokenChange, TokenRecord } from '../store/token-store.js';
import { BoundedMap } from '../util/bounded-map.js';

/** A record in memory. @internal */
export interface CachedRecord {
  readonly record: TokenRecord;
  /** Monotonic time of its last comparison with the store, ms. */
  readonly readAt: number;
}

/** The most records kept in memory; the one that was compared with the store longest ago goes first. */
const CAPACITY = 10_000;

/**
 * Records in front of the store, bounded.
 *
 * It remembers how far each record is known to have come, so that a slow read cannot bring back what was replaced or forgotten.
 *
 * @internal
 */
export class TokenCache {
  readonly #entries = new Map<string, CachedRecord>();
  readonly #canonicalOf = new Map<string, string>();
  readonly #floors: BoundedMap<string, number>;

  constructor(private readonly capacity = CAPACITY) {
    this.#floors = new BoundedMap(capacity);
  }

  get(canonical: string): CachedRecord | undefined {
    return this.#entries.get(canonical);
  }

  /** Keeps a record, unless a newer one is known. */
  set(canonical: string, record: TokenRecord, readAt: number): void {
    const { version } = record.state;
    if (this.isOutdated(record)) return;
    if (version < (this.#entries.get(canonical)?.record.state.version ?? 0)) return;
    this.#entries.delete(canonical);
    this.#entries.set(canonical, { record, readAt });
    this.#canonicalOf.set(record.id, canonical);
    const oldest = this.#entries.keys().next();
    if (this.#entries.size > this.capacity && !oldest.done) this.delete(oldest.value);
  }

  /** Whether a newer version of a record is known. */
  isOutdated({ id, state }: TokenRecord): boolean {
    return state.version < (this.#floors.get(id) ?? 0);
  }

  delete(canonical: string): void {
    const entry = this.#entries.get(canonical);
    if (entry === undefined) return;
    this.#entries.delete(canonical);
    this.#canonicalOf.delete(entry.record.id);
  }

  /** Drops what a change has made old. A failed renewal leaves a token as good as it was. */
  apply(change: TokenChange): void {
    if (change.kind === 'gap') {
      this.#entries.clear();
      this.#canonicalOf.clear();
      this.#floors.clear();
      return;
    }
    this.#floors.set(change.id, change.version);
    const canonical = this.#canonicalOf.get(change.id);
    if (canonical === undefined) return;
    const version = this.#entries.get(canonical)?.record.state.version ?? 0;
    const ended = change.kind === 'forgotten' || change.kind === 'login';
    if (change.version > version || (ended && change.version >= version)) this.delete(canonical);
  }
}
