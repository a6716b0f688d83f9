import { pooledRandomBytes } from './random-pool.js';

describe('pooledRandomBytes', () => {
  it.each([0, 1, 4_096, 4_097, 10_000])('gives as many bytes as are asked for: %i', (length) => {
    expect(pooledRandomBytes(length)).toHaveLength(length);
  });

  it('gives none out twice, whatever the length', () => {
    const drawn = [16, 4_090, 16, 5_000, 5_000, 16].map((length) => pooledRandomBytes(length));
    const starts = drawn.map((bytes) => bytes.toString('hex', 0, 16));
    expect(new Set(starts).size).toBe(drawn.length);
  });
});
