import { randomBytes } from 'node:crypto';
import { checkNaming, RedisKeys } from './redis-keys.js';

const idOf = (): string => randomBytes(32).toString('base64url');

describe('RedisKeys', () => {
  it('fault 54: puts a record and its index into one slot', () => {
    const keys = new RedisKeys('otm', 16);
    const id = idOf();
    const tag = /\{(\d+)\}/.exec(keys.record(id))?.[1];
    expect(keys.due(keys.shardOf(id))).toBe(`otm:{${tag}}:due`);
  });

  it('spreads records over all shards', () => {
    const keys = new RedisKeys('otm', 16);
    const counts = new Map<number, number>();
    for (let index = 0; index < 1_600; index += 1) {
      const shard = keys.shardOf(idOf());
      counts.set(shard, (counts.get(shard) ?? 0) + 1);
    }
    expect(counts.size).toBe(16);
    expect(Math.max(...counts.values())).toBeLessThan(200);
  });
});

describe('checkNaming', () => {
  it.each([
    ['otm{x}', 16, 'store.prefix'],
    ['', 16, 'store.prefix'],
    ['with blank', 16, 'store.prefix'],
    ['otm', 0, 'store.shards'],
    ['otm', 1.5, 'store.shards'],
    ['otm', 5_000, 'store.shards'],
  ])('refuses prefix %p with %p shards', (prefix, shards, path) => {
    expect(checkNaming(prefix, shards).map((problem) => problem.path)).toEqual([path]);
  });

  it('takes what is right', () => {
    expect(checkNaming('tenant-a:otm', 64)).toEqual([]);
  });
});
