import { backoffDelay, clampRetryAfter } from './backoff.js';

describe('backoffDelay', () => {
  it('spreads over a doubling range up to thirty seconds', () => {
    expect(backoffDelay(0, 600_000, 1)).toBe(500);
    expect(backoffDelay(3, 600_000, 0.5)).toBe(2_000);
    expect(backoffDelay(60, 600_000, 1)).toBe(30_000);
    expect(backoffDelay(0, 600_000, 0)).toBe(100);
  });

  it('stays within a third of what remains', () => {
    expect(backoffDelay(10, 3_000, 1)).toBe(1_000);
    expect(backoffDelay(10, 0, 1)).toBe(30_000);
  });
});

describe('clampRetryAfter', () => {
  it.each([
    [undefined, 5_000],
    [-1, 1_000],
    [0, 1_000],
    [30_000, 30_000],
    [31_536_000_000, 600_000],
    [Number.NaN, 5_000],
    [Infinity, 5_000],
  ])('brings %p to %d ms', (asked, expected) => {
    expect(clampRetryAfter(asked, 5_000)).toBe(expected);
  });
});
