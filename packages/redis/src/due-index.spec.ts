import { claimEnd } from './due-index.js';

describe('a claim', () => {
  it.each([
    ['lasts its lease when the token lives long', 60_000, 10_000],
    ['ends while another process can still renew a short token', 3_000, 1_500],
    ['is long enough to begin a renewal', 400, 1_000],
    ['is not long when the token has ended', 0, 3_000],
    ['lasts its lease when the token never ends', Infinity, 10_000],
  ])('%s', (_name, rest, expected) => {
    expect(claimEnd(1_000_000, 10_000, 1_000_000 + rest) - 1_000_000).toBe(expected);
  });
});
