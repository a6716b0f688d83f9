import type { RedisCommands } from './redis-client.js';
import type { RedisKeys } from './redis-keys.js';
import { CLAIM_DUE, SHORTEN_CLAIMS, UNINDEX_GONE } from './redis-scripts.js';

/** What one claim took, over all shards. @internal */
export interface Claim {
  readonly ids: readonly string[];
  readonly nextDueAt: number;
}

/** The most that one script call takes: a longer one would hold Redis up. */
const MAX_BATCH = 100;

/** The shortest claim, ms: a renewal is begun sooner. */
const SHORTEST_CLAIM_MS = 1_000;

/** The longest claim of a token that has ended, ms: somebody may be waiting for it. */
const ENDED_CLAIM_MS = 3_000;

/**
 * When the claim of a token ends: early enough that another process can still renew it before its end if this one dies.
 *
 * @internal
 */
export function claimEnd(now: number, leaseMs: number, expiresAt: number): number {
  const rest = expiresAt - now;
  if (rest <= 0) return now + Math.min(leaseMs, ENDED_CLAIM_MS);
  return now + Math.min(leaseMs, Math.max(SHORTEST_CLAIM_MS, Math.round(rest / 2)));
}

/**
 * The due index in its shards.
 *
 * @internal
 */
export class DueIndex {
  #next = 0;

  constructor(
    private readonly commands: RedisCommands,
    private readonly keys: RedisKeys,
  ) {}

  /** Claims at most `limit` ids: all shards at once, then again those that had more. */
  async claim(now: number, until: number, limit: number): Promise<Claim> {
    const ids: string[] = [];
    let nextDueAt = Infinity;
    let waiting = this.#shardsInTurn();
    while (waiting.length > 0 && ids.length < limit) {
      const asked = waiting.slice(0, limit - ids.length);
      const share = Math.min(
        MAX_BATCH,
        Math.max(1, Math.floor((limit - ids.length) / asked.length)),
      );
      const claims = await Promise.all(asked.map((shard) => this.#claim(shard, now, until, share)));
      ids.push(...claims.flatMap((claim) => claim.ids));
      // What is due already and was left over is asked for again.
      const later = claims.map((claim) => claim.nextDueAt).filter((at) => at > now);
      nextDueAt = Math.min(nextDueAt, ...later);
      const full = asked.filter((_, index) => claims[index]?.ids.length === share);
      waiting = [...waiting.slice(asked.length), ...full];
    }
    return { ids, nextDueAt: waiting.length > 0 ? Math.min(nextDueAt, now) : nextDueAt };
  }

  /** Ends claims earlier, each at its own time, unless their records were written meanwhile. */
  async shorten(claimedUntil: number, ends: ReadonlyMap<string, number>): Promise<void> {
    const byShard = new Map<number, (string | number)[]>();
    for (const [id, end] of ends) {
      const shard = this.keys.shardOf(id);
      byShard.set(shard, [...(byShard.get(shard) ?? [claimedUntil]), id, end]);
    }
    const calls = [...byShard].map(([shard, args]) =>
      this.commands.run(SHORTEN_CLAIMS, [this.keys.due(shard)], args),
    );
    await Promise.all(calls);
  }

  /** Takes out an id if its record is gone. */
  async remove(id: string): Promise<void> {
    const keys = [this.keys.record(id), this.keys.due(this.keys.shardOf(id))];
    await this.commands.run(UNINDEX_GONE, keys, [id]);
  }

  /** One page of all ids: `cursor` is the shard and Redis' own cursor in it. */
  async page(
    cursor: string | undefined,
    count: number,
  ): Promise<{ ids: string[]; cursor?: string }> {
    const [shard = 0, position = '0'] = cursor === undefined ? [] : readCursor(cursor);
    const key = this.keys.due(shard);
    const reply = await this.commands.call('ZSCAN', key, position, 'COUNT', count);
    const [next, pairs] = reply as [string, string[]];
    const ids = pairs.filter((_, index) => index % 2 === 0);
    if (next !== '0') return { ids, cursor: `${shard}:${next}` };
    return shard + 1 < this.keys.shards ? { ids, cursor: `${shard + 1}:0` } : { ids };
  }

  async #claim(shard: number, now: number, until: number, limit: number): Promise<Claim> {
    const reply = await this.commands.run(CLAIM_DUE, [this.keys.due(shard)], [now, until, limit]);
    const ids = reply as string[];
    const following = scoreOf(ids.pop());
    // What this very claim took before comes back at its end, which is no news.
    return { ids, nextDueAt: following === until ? Infinity : following };
  }

  /** Another shard first each time, so that none waits behind the others. */
  #shardsInTurn(): number[] {
    this.#next = (this.#next + 1) % this.keys.shards;
    return Array.from({ length: this.keys.shards }, (_, i) => (i + this.#next) % this.keys.shards);
  }
}

function readCursor(cursor: string): [number, string] | [] {
  const match = /^(\d{1,4}):(\d{1,20})$/.exec(cursor);
  return match === null ? [] : [Number(match[1]), match[2] ?? '0'];
}

const scoreOf = (score: string | undefined): number =>
  score === undefined || score === '' || score === 'inf' ? Infinity : Number(score);
