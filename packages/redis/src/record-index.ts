import { currentState, isSealError, type TokenRecord } from '@oauth-token/core';
import { claimEnd, type DueIndex } from './due-index.js';
import type { RedisRecords } from './redis-records.js';

/** Records as an answer of the index offers them. @internal */
export interface IndexedRecords {
  readonly records: readonly TokenRecord[];
}

/**
 * The due index with the records that its ids name.
 *
 * @internal
 */
export class RecordIndex {
  constructor(
    private readonly index: DueIndex,
    private readonly records: RedisRecords,
    private readonly warn: (message: string) => void,
  ) {}

  async claim(
    now: number,
    { limit, leaseMs }: { readonly limit: number; readonly leaseMs: number },
  ): Promise<IndexedRecords & { readonly nextDueAt?: number }> {
    const { ids, nextDueAt } = await this.index.claim(now, now + leaseMs, limit);
    const records = await this.#readAll(ids, now);
    await this.#shorten(records, now, leaseMs);
    return nextDueAt === Infinity ? { records } : { records, nextDueAt };
  }

  async page(
    now: number,
    cursor: string | undefined,
    limit: number,
  ): Promise<IndexedRecords & { readonly cursor?: string }> {
    const page = await this.index.page(cursor, limit);
    const records = await this.#readAll(page.ids, now);
    return page.cursor === undefined ? { records } : { records, cursor: page.cursor };
  }

  /** Of a process that dies, the claims of short tokens end while another one can still renew them. */
  async #shorten(records: readonly TokenRecord[], now: number, leaseMs: number): Promise<void> {
    const claimedUntil = now + leaseMs;
    const ends = new Map<string, number>();
    for (const { id, tokens } of records) {
      const end = claimEnd(now, leaseMs, tokens?.expiresAt ?? Infinity);
      if (end < claimedUntil) ends.set(id, end);
    }
    await this.index.shorten(claimedUntil, ends);
  }

  /** What is gone leaves the index, what does not open is told and left alone. */
  async #readAll(ids: readonly string[], now: number): Promise<TokenRecord[]> {
    const records = await Promise.all(ids.map((id) => this.#read(id, now)));
    return records.filter((record) => record !== undefined);
  }

  async #read(id: string, now: number): Promise<TokenRecord | undefined> {
    try {
      const stored = await this.records.read(id);
      if (stored === undefined) await this.index.remove(id);
      const state = stored && currentState(stored.state, now);
      return state?.body === undefined ? undefined : this.records.toRecord(id, undefined, state);
    } catch (error) {
      if (!isSealError(error)) throw error;
      this.warn(`The record ${id} cannot be opened and is left as it is: ${error.message}`);
      return undefined;
    }
  }
}
