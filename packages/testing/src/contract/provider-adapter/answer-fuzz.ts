import assert from 'node:assert/strict';
import {
  type Grant,
  NEVER_EXPIRES,
  type ProviderAdapter,
  type ReceivedTokens,
  type TokenAnswer,
} from '@oauth-token/core';
import { type BendableAnswer, parse, parseBent } from './answer-checks.js';
import { FIXTURE_SENT_AT } from './provider-fixture.js';

const OUTCOMES: ReadonlySet<string> = new Set([
  'refreshed',
  'transient',
  'throttled',
  'ambiguous',
  'tooEarly',
  'misconfigured',
  'reauthorizationRequired',
]);

const STATUSES = [200, 200, 200, 201, 204, 301, 302, 400, 401, 403, 404, 408, 429, 500, 502, 503];

const NAMES = [
  'access_token',
  'accessToken',
  'refresh_token',
  'refreshToken',
  'token_type',
  'expires_in',
  'accessTokenExpiresAt',
  'refreshTokenExpiresAt',
  'scope',
  'id_token',
  'id',
  'error',
  'error_description',
  '__proto__',
  'constructor',
  'prototype',
  'toString',
];

/** What has come in such places, or might. @internal */
export const NASTY_VALUES: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1e12,
  1e308,
  119.5,
  '',
  'null',
  '120',
  'abc',
  'Infinity',
  '0x10',
  'a\r\nb',
  '\u0000',
  '\ud800',
  '2022-11-01T13:43:43.7826152Z',
  '9999-99-99T99:99:99Z',
  '__proto__',
  'x'.repeat(2_000),
  [],
  {},
  [['a']],
  { access_token: 'nested' },
];

/** Bodies that are the same each time; the last ones are deep enough to end a reader that calls itself. */
const FIXED_BODIES: readonly string[] = [
  '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}',
  '<!doctype html><html><body>Error</body></html>',
  'access_token=a&refresh_token=b&expires_in=3600',
  '"text"',
  'null',
  '',
  '%00%ff\u0000',
  '['.repeat(20_000),
  '{"a":'.repeat(20_000),
];

/** A repeatable source of numbers from 0 to 1 (mulberry32): a failure comes again. */
function randomSource(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

type Pick = <Value>(values: readonly Value[]) => Value;

const picker =
  (random: () => number): Pick =>
  (values) =>
    values[Math.floor(random() * values.length)] as (typeof values)[number];

/** One body that a token endpoint should never send. */
function badBody(random: () => number, pick: Pick, samples: readonly string[]): string {
  const members = Array.from({ length: Math.floor(random() * 8) }, () => {
    const value = random() < 0.3 ? 'plausible-token' : pick(NASTY_VALUES);
    return `${JSON.stringify(pick(NAMES))}:${JSON.stringify(value)}`;
  });
  const object = `{${members.join(',')}}`;
  const sample = samples.length === 0 ? object : pick(samples);
  const shapes = [
    object,
    object,
    object,
    sample.slice(0, Math.floor(random() * sample.length)),
    `\ufeff${sample}`,
    `cb(${object});`,
    `cb(${object}, 400);`,
    `${object}${object}`,
    `[${object}]`,
    `{"__proto__":${object},"access_token":"a"}`,
    pick(FIXED_BODIES),
    pick(FIXED_BODIES),
  ];
  return pick(shapes);
}

const prototypeNames = (): readonly string[] => Object.getOwnPropertyNames(Object.prototype).sort();

const isToken = (value: string | undefined): boolean =>
  value === undefined || /^[\x20-\x7e]+$/.test(value);

function checkShape(answer: TokenAnswer, what: string): void {
  assert.ok(OUTCOMES.has(answer.outcome), `${what}: outcome ${answer.outcome}`);
  if (answer.outcome !== 'refreshed') {
    assert.equal(typeof answer.code, 'string', what);
    assert.equal(typeof answer.message, 'string', what);
    const { retryAfterMs } = answer;
    assert.ok(retryAfterMs === undefined || Number.isFinite(retryAfterMs), `${what}: retryAfterMs`);
    return;
  }
  const { accessToken, refreshToken } = answer.tokens;
  assert.ok(accessToken !== undefined || answer.defect !== undefined, `${what}: tells its defect`);
  assert.ok(isToken(accessToken) && isToken(refreshToken), `${what}: tokens fit into a header`);
  checkExpiry(answer.tokens, FIXTURE_SENT_AT, what);
}

/** Without a usable access token there is nothing to expire, but a time it must be. */
function checkExpiry(
  { accessToken, expiresAt }: ReceivedTokens,
  sentAt: number,
  what: string,
): void {
  const isTime = Number.isFinite(expiresAt) && expiresAt <= NEVER_EXPIRES;
  const comesAfter = accessToken === undefined || expiresAt > sentAt;
  assert.ok(isTime && comesAfter, `${what}: expiresAt ${expiresAt} is a time after sending`);
}

/** Fails when a bad answer makes the adapter throw, touches `Object.prototype` or reads as nonsense. @internal */
export function checkBadAnswers(
  adapter: ProviderAdapter,
  grants: readonly Grant[],
  samples: readonly string[],
  runs: number,
): void {
  const random = randomSource(1);
  const pick = picker(random);
  const before = prototypeNames();
  for (let run = 0; run < runs; run += 1) {
    const body = badBody(random, pick, samples);
    const status = pick(STATUSES);
    const retryAfter = pick(['7', '-1', 'soon', '1e99', 'Thu, 01 Jan 2026 00:00:10 GMT', '']);
    const date = pick(['Thu, 01 Jan 2026 00:00:00 GMT', 'never', '']);
    const headers = { 'content-type': 'application/json', 'retry-after': retryAfter, date };
    const what = `status ${status}, body ${body.slice(0, 120)}`;
    let answer: TokenAnswer;
    try {
      answer = parse(adapter, { status, headers, body }, pick(grants));
    } catch (error) {
      assert.fail(`${what}: parseResponse threw ${String(error)}`);
    }
    checkShape(answer, what);
  }
  assert.deepEqual(prototypeNames(), before, 'Object.prototype is as it was');
}

/** Fails when a bent member beside it loses a refresh token, or gives an expiry that is none. @internal */
export function checkBentAnswers(adapter: ProviderAdapter, answer: BendableAnswer): void {
  const sentAt = answer.fixture.sentAt ?? FIXTURE_SENT_AT;
  for (const path of answer.others) {
    for (const value of [undefined, ...NASTY_VALUES]) {
      const bent = parseBent(adapter, answer, [path], value);
      const what = `${path.join('.')} = ${JSON.stringify(value)}`.slice(0, 80);
      assert.ok(bent.outcome === 'refreshed', `${what}: the refresh token is kept`);
      assert.equal(bent.tokens.refreshToken, answer.tokens.refreshToken, what);
      checkExpiry(bent.tokens, sentAt, what);
    }
  }
}
