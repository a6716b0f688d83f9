import type { ConfigurationProblem } from '@oauth-token/core';
import type { RedisClient } from './redis-client.js';

/**
 * The names of everything in Redis. The hash tag is the shard alone, so that a record and its shard's index share a slot
 * and one script reaches both.
 *
 * @internal
 */
export class RedisKeys {
  /** The channel on which every change is told. */
  readonly channel: string;
  /** What all processes over this store must agree on. */
  readonly settings: string;

  constructor(
    private readonly prefix: string,
    readonly shards: number,
  ) {
    this.channel = `${prefix}:changes`;
    this.settings = `${prefix}:settings`;
    this.trials = ['hash', 'set', 'list'].map((kind) => `${prefix}:{0}:try:${kind}`);
  }

  /** What a look at the rights is made on: keys of one slot that nothing else uses. */
  readonly trials: readonly string[];

  shardOf(id: string): number {
    // The id is an HMAC: any part of it is spread evenly.
    return Buffer.from(id.slice(0, 8), 'base64url').readUInt32BE(0) % this.shards;
  }

  /** A record: a hash. */
  record(id: string): string {
    return `${this.prefix}:{${this.shardOf(id)}}:r:${id}`;
  }

  /** The due index of a shard: a sorted set of ids by the time at which they are offered. */
  due(shard: number): string {
    return `${this.prefix}:{${shard}}:due`;
  }

  /** A value that all processes share: a hash. */
  shared(name: string): string {
    return `${this.prefix}:shared:${name}`;
  }
}

/** Everything that is wrong with the naming options. @internal */
export function checkNaming(prefix: string, shards: number): ConfigurationProblem[] {
  const problems: ConfigurationProblem[] = [];
  if (!/^[^{}\s]+$/.test(prefix)) {
    const message = 'must be text without braces and blanks: braces decide the slot of a key.';
    problems.push({ path: 'store.prefix', message });
  }
  if (!Number.isInteger(shards) || shards < 1 || shards > 1024) {
    problems.push({ path: 'store.shards', message: 'must be a whole number from 1 to 1024.' });
  }
  return problems;
}

/** A client with a prefix of its own would break the slots, one that reads from replicas would see old tokens. @internal */
export function checkClient(redis: RedisClient): ConfigurationProblem[] {
  const { keyPrefix, scaleReads = 'master' } = redis.options as {
    keyPrefix?: string;
    scaleReads?: unknown;
  };
  const problems: ConfigurationProblem[] = [];
  if (keyPrefix) {
    const message = `has keyPrefix '${keyPrefix}'; use a client without one and the store's own prefix option.`;
    problems.push({ path: 'store.redis', message });
  }
  if (scaleReads !== 'master') {
    const message =
      'reads from replicas (scaleReads); a token that was just renewed may not be there yet.';
    problems.push({ path: 'store.redis', message });
  }
  return problems;
}
