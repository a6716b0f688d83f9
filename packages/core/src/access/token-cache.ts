import type { TokenChange, TokenRecord } from '../store/token-store.js';

/** A record in memory. @internal */
export interface CachedRecord {
  readonly record: TokenRecord;
  /** Monotonic time of its last comparison with the store, ms. */
  readonly readAt: number;
}

/** The most records kept in memory; the least recently used goes first. */
const CAPACITY = 10_000;

/**
 * Records in front of the store, least recently used out first.
 *
 * @internal
 */
export class TokenCache {
  readonly #entries = new Map<string, CachedRecord>();
  readonly #keys = new Map<string, string>();

  constructor(private readonly capacity = CAPACITY) {}

  get(canonical: string): CachedRecord | undefined {
    return this.#entries.get(canonical);
  }

  set(canonical: string, record: TokenRecord, readAt: number): void {
    const present = this.#entries.get(canonical);
    // An answer that was overtaken on its way must not replace a newer one of the same login.
    const newer = present?.record.state;
    if (newer?.epoch === record.state.epoch && newer.version > record.state.version) return;
    this.#entries.delete(canonical);
    this.#entries.set(canonical, { record, readAt });
    this.#keys.set(record.id, canonical);
    const oldest = this.#entries.keys().next();
    if (this.#entries.size > this.capacity && !oldest.done) this.delete(oldest.value);
  }

  delete(canonical: string): void {
    const entry = this.#entries.get(canonical);
    if (entry === undefined) return;
    this.#entries.delete(canonical);
    this.#keys.delete(entry.record.id);
  }

  /** Drops what a change has made old. */
  apply(change: TokenChange): void {
    if (change.kind === 'gap') {
      this.#entries.clear();
      this.#keys.clear();
      return;
    }
    const canonical = this.#keys.get(change.id);
    if (canonical === undefined) return;
    const version = this.#entries.get(canonical)?.record.state.version ?? 0;
    if (change.kind !== 'tokens' || change.version > version) this.delete(canonical);
  }
}
