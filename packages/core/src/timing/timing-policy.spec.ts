import { NEVER_EXPIRES } from '../model/token-set.js';
import { dueAt, longestTimeout, mandatoryAt, planLease } from './timing-policy.js';

const lifetime = (seconds: number) => ({
  issuedAt: 1_000_000,
  expiresAt: 1_000_000 + seconds * 1_000,
});
const after = (at: number): number => (at - 1_000_000) / 1_000;

describe('dueAt and mandatoryAt', () => {
  it.each([
    // seconds of life, due at random 0 and almost 1, mandatory (each in seconds of age)
    [120, 90, 102, 114],
    [5, 3.75, 4.25, 4.5],
    [3_600, 2_700, 3_060, 3_420],
    [3_600_000, 2_700_000, 3_060_000, 3_420_000],
  ])(
    'a token of %d s is due between %d and %d s and mandatory from %d s',
    (life, low, high, must) => {
      expect(after(dueAt(lifetime(life), 0))).toBeCloseTo(low, 6);
      expect(after(dueAt(lifetime(life), 0.999_999_999))).toBeCloseTo(high, 3);
      expect(after(mandatoryAt(lifetime(life)))).toBeCloseTo(must, 6);
    },
  );

  it('never asks for a refresh before the provider takes it', () => {
    const tokens = lifetime(600);
    expect(after(dueAt(tokens, 0, 30_000))).toBe(570);
    expect(after(mandatoryAt(tokens, 30_000))).toBe(570);
    expect(after(mandatoryAt(tokens, 10_000))).toBe(590);
  });

  it('is due before the refresh token ends, and never for a token without an end', () => {
    const endless = { issuedAt: 1_000_000, expiresAt: NEVER_EXPIRES };
    expect(dueAt(endless, 0.5)).toBe(Infinity);
    const refreshTokenExpiresAt = 1_000_000 + 100_000;
    expect(after(dueAt({ ...endless, refreshTokenExpiresAt }, 0.5))).toBe(80);
    expect(after(dueAt({ ...lifetime(3_600), refreshTokenExpiresAt }, 0.5))).toBe(80);
  });
});

describe('planLease', () => {
  it.each([
    [
      'a 2BA token',
      'strict',
      120_000,
      undefined,
      { leaseMs: 18_000, timeoutMs: 13_500, takeoverMs: 30_000 },
    ],
    [
      'a short token',
      'strict',
      2_000,
      undefined,
      { leaseMs: 3_000, timeoutMs: 2_250, takeoverMs: 500 },
    ],
    [
      'a long token',
      'strict',
      3_600_000,
      undefined,
      { leaseMs: 20_000, timeoutMs: 15_000, takeoverMs: 60_000 },
    ],
    [
      'a first login',
      'strict',
      undefined,
      800,
      { leaseMs: 20_000, timeoutMs: 800, takeoverMs: 60_000 },
    ],
    [
      'a grace of 30 s',
      { graceMs: 30_000 },
      3_600_000,
      undefined,
      { leaseMs: 12_000, timeoutMs: 9_000, takeoverMs: 3_000 },
    ],
    [
      'a reusable token',
      'reusable',
      3_600_000,
      undefined,
      { leaseMs: 20_000, timeoutMs: 15_000, takeoverMs: 0 },
    ],
  ] as const)('%s', (_name, reuse, life, timeout, expected) => {
    expect(planLease(reuse, life, timeout)).toEqual(expected);
  });

  it('makes the lease long enough for a configured deadline, within the longest', () => {
    expect(planLease('strict', 2_000, 9_000)).toMatchObject({ leaseMs: 12_000, timeoutMs: 9_000 });
    expect(longestTimeout('strict')).toBe(15_000);
    expect(longestTimeout({ graceMs: 10_000 })).toBe(3_000);
  });
});
