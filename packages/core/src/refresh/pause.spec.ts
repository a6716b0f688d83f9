import type { FailedAnswer } from '../provider/token-answer.js';
import { endpointDown, holdUntil, nextPause, type Pause, probing } from './pause.js';

const NOW = 1_000_000;

const failure = (outcome: FailedAnswer['outcome'], retryAfterMs?: number): FailedAnswer => ({
  outcome,
  code: 'c',
  message: 'm',
  ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
});

const pause = (untilMs: number, attempt = 1): Pause => ({
  until: NOW + untilMs,
  attempt,
  outcome: 'transient',
  code: 'c',
  message: 'm',
});

describe('nextPause', () => {
  it.each([
    ['an endpoint that is down', failure('ambiguous'), 10_000],
    ['one that asks for less', failure('transient', 2_000), 10_000],
    ['one that asks for more', failure('transient', 60_000), 60_000],
    ['a throttle', failure('throttled', 30_000), 30_000],
    ['a throttle without a time', failure('throttled'), 5_000],
    ['a misconfiguration', failure('misconfigured'), 30_000],
  ])('begins with %s', (_name, answer, delay) => {
    const next = nextPause(undefined, answer, NOW);
    expect(next).toMatchObject({ until: NOW + delay, attempt: 1 });
    // What is not known to have been processed is no reason to doubt what it held back.
    expect(next?.outcome).toBe(answer.outcome === 'ambiguous' ? 'transient' : answer.outcome);
  });

  it('is none for what was under way when the present one began', () => {
    expect(nextPause(pause(1), failure('misconfigured'), NOW)).toBeUndefined();
    expect(nextPause(pause(10_000), failure('throttled', 10_500), NOW)).toBeUndefined();
  });

  it('is longer when the server asks for longer, or a try after it has failed', () => {
    const longer = nextPause(pause(10_000), failure('throttled', 60_000), NOW);
    expect(longer?.until).toBe(NOW + 60_000);
    const failed = nextPause(probing(pause(-1, 2), NOW), failure('misconfigured'), NOW + 100);
    expect(failed).toMatchObject({ until: NOW + 120_100, attempt: 3 });
    expect(failed).not.toHaveProperty('probing');
  });
});

describe('holdUntil', () => {
  const [least, most] = [0, 0.999_999];

  it('spreads keys whose tokens live on over five seconds', () => {
    expect(holdUntil(pause(10_000), NOW + 300_000, NOW, least)).toBe(NOW + 10_000);
    expect(holdUntil(pause(10_000), NOW + 300_000, NOW, most)).toBe(NOW + 15_000);
    expect(holdUntil(probing(pause(0), NOW), NOW + 300_000, NOW, least)).toBe(NOW + 10_000);
  });

  it('spends no more than a third of what is left of a token', () => {
    expect(holdUntil(pause(10_000), NOW + 13_000, NOW, most)).toBe(NOW + 11_000);
    expect(holdUntil(pause(10_000), NOW, NOW, most)).toBe(NOW + 10_500);
  });

  it('looks again soon while another tries, where the token would end', () => {
    expect(holdUntil(probing(pause(0), NOW), NOW + 5_000, NOW, least)).toBe(NOW + 1_000);
    expect(holdUntil(probing(pause(0), NOW), 0, NOW, most)).toBe(NOW + 1_500);
  });
});

it('endpointDown passes on no words of the server', () => {
  const told = endpointDown(5, { ...failure('ambiguous', 7_000), message: 'canary' });
  expect(told).toMatchObject({ outcome: 'transient', retryAfterMs: 7_000 });
  expect(JSON.stringify(told)).not.toContain('canary');
});
