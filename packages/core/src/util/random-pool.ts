import { randomFillSync } from 'node:crypto';

/** How much is drawn at a time: a draw costs the same for a few bytes. */
const POOL_BYTES = 4_096;

let pool = Buffer.alloc(0);
let used = 0;

/**
 * Random bytes of the operating system's generator, drawn in advance unless it is many; none are given out twice.
 *
 * @internal
 */
export function pooledRandomBytes(length: number): Buffer {
  if (length > POOL_BYTES) return randomFillSync(Buffer.allocUnsafeSlow(length));
  if (used + length > pool.length) {
    // A pool is never filled again: what was given out of it stays as it is.
    pool = randomFillSync(Buffer.allocUnsafeSlow(POOL_BYTES));
    used = 0;
  }
  used += length;
  return pool.subarray(used - length, used);
}
