import { inspect } from 'node:util';
import type { Grant, ProviderAdapter, TokenAnswer, TokenHttpResponse } from '@oauth-token/core';
import { PASSWORD, REFRESH, SENT_AT } from '../test/support.js';
import { empowerId, oidc, twoBa, veeamAhv, veeamVbr } from './index.js';

const TEN_YEARS_MS = 3653 * 86_400_000;

/** A generator of numbers in [0, 1) that repeats itself for the same seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const PROVIDERS: readonly ProviderAdapter[] = [
  twoBa(),
  veeamAhv({ baseUrl: 'https://ahv.example' }),
  veeamVbr({ baseUrl: 'https://vbr.example', apiVersion: '1.3-rev1' }),
  empowerId({ baseUrl: 'https://eid.example' }),
  oidc({ tokenEndpoint: 'https://as.example/token' }),
];

const NAMES = [
  'access_token',
  'accessToken',
  'token_type',
  'expires_in',
  'accessTokenExpiresAt',
  'refresh_token',
  'refreshTokenExpiresAt',
  'scope',
  'id_token',
  'id',
  'error',
  'error_description',
  '__proto__',
  'constructor',
  'toString',
];

const VALUES: readonly unknown[] = [
  'canary-access',
  'canary-next',
  'canary-refresh',
  'Bearer',
  'mac',
  'invalid_grant',
  'invalid_client',
  'a\r\nX-Evil: 1',
  'é\u0000\ud800',
  '',
  'null',
  null,
  true,
  false,
  0,
  -1,
  120,
  1e12,
  1e308,
  0.0001,
  '120',
  'abc',
  '2024-05-01T12:30:00.7826152Z',
  '9999-99-99T99:99:99Z',
  'eyJhbGciOiJub25lIn0.eyJpYXQiOjEsImV4cCI6OTAxfQ.x',
  'eyJhbGciOiJub25lIn0.bm90anNvbg.x',
  'x'.repeat(20_000),
  [],
  ['canary-next'],
  {},
  { polluted: true, access_token: 'canary-access' },
  { __proto__: null, length: -1 },
];

const STATUSES = [
  200, 200, 200, 200, 200, 200, 200, 200, 201, 204, 301, 400, 401, 403, 404, 429, 500, 503, 0, 999,
];

const RETRY_AFTER = ['7', '-1', 'soon', 'Wed, 01 May 2024 12:00:30 GMT', '1e9', ''];

const DATES = ['Wed, 01 May 2024 12:00:00 GMT', 'Thu, 01 Jan 1970 00:00:00 GMT', 'x', ''];

interface Case {
  readonly provider: ProviderAdapter;
  readonly grant: Grant;
  readonly response: TokenHttpResponse;
}

function makeCase(random: () => number): Case {
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;
  const members = Array.from({ length: Math.floor(random() * 8) }, () => {
    return `${JSON.stringify(pick(NAMES))}:${JSON.stringify(pick(VALUES))}`;
  });
  // What belongs there stands there often, so that every branch is met.
  if (random() < 0.6) members.push(`"refresh_token":"${pick(['canary-next', 'canary-refresh'])}"`);
  if (random() < 0.3) members.push('"access_token":"canary-access"');
  const object = `{${members.join(',')}}`;
  const shapes = [
    () => object,
    () => object,
    () => object,
    () => `\uFEFF${object}`,
    () => `cb(${object}, ${pick(['400', '500', '"x"', ''])});`,
    () => `cb(${object})`,
    () => object.slice(0, Math.floor(random() * object.length)),
    () => `[${object}]`,
    () => `<html>${object}</html>`,
    () => pick(['', ' ', 'null', '5', '"x"', '\u0000', 'cb(', ')', '{']),
  ];
  return {
    provider: pick(PROVIDERS),
    grant: pick([REFRESH, PASSWORD]),
    response: {
      status: pick(STATUSES),
      headers: { 'retry-after': pick(RETRY_AFTER), date: pick(DATES) },
      body: pick(shapes)(),
    },
  };
}

/** The refresh token that an answer hands out beyond doubt, told apart from the code under test. */
function handedOut({ response, grant }: Case): string | undefined {
  if (response.status < 200 || response.status > 299) return undefined;
  try {
    const body: unknown = JSON.parse(response.body.replace(/^\uFEFF/, ''));
    if (typeof body !== 'object' || body === null || Array.isArray(body)) return undefined;
    const token = Object.getOwnPropertyDescriptor(body, 'refresh_token')?.value as unknown;
    const isToken =
      typeof token === 'string' &&
      token.length <= 16_384 &&
      !['', 'null'].includes(token) &&
      /^[ -~]+$/.test(token);
    const isEcho = grant.type === 'refresh_token' && token === grant.refreshToken;
    return isToken && !isEcho ? token : undefined;
  } catch {
    return undefined;
  }
}

function textsOf(answer: TokenAnswer): string {
  const failure = answer.outcome === 'refreshed' ? answer.defect : answer;
  return failure === undefined ? '' : inspect(failure);
}

function checkTexts(tested: Case, answer: TokenAnswer, handed: string | undefined): void {
  const texts = textsOf(answer);
  expect(texts).not.toMatch(/eyJ|unreadable_answer/);
  const { grant } = tested;
  if (grant.type === 'refresh_token') expect(texts).not.toContain(grant.refreshToken);
  if (handed?.startsWith('canary') === true) expect(texts).not.toContain(handed);
}

function checkAnswer(tested: Case, answer: TokenAnswer): void {
  const expected = handedOut(tested);
  checkTexts(tested, answer, expected);
  const tokens = answer.outcome === 'refreshed' ? answer.tokens : undefined;
  if (expected !== undefined) expect(tokens?.refreshToken).toBe(expected);
  if (answer.outcome !== 'refreshed') return;
  expect(tokens?.accessToken === undefined).toBe(answer.defect !== undefined);
  if (tokens?.accessToken === undefined) return;
  expect(tokens.accessToken).toMatch(/^[\x21-\x7e]{1,16384}$/);
  expect(tokens.expiresAt - SENT_AT).toBeGreaterThanOrEqual(1000);
  expect(tokens.expiresAt - SENT_AT).toBeLessThanOrEqual(TEN_YEARS_MS);
}

describe('2,000 fuzzed answers', () => {
  const before = Reflect.ownKeys(Object.prototype);
  const random = randomFrom(20_240_501);
  const cases = Array.from({ length: 2000 }, () => makeCase(random));
  const answers = cases.map(({ provider, grant, response }) =>
    provider.parseResponse(response, { grant, sentAt: SENT_AT }),
  );

  it('are read without a throw, a lost refresh token, a leaked secret or an absurd lifetime', () => {
    answers.forEach((answer, index) => {
      checkAnswer(cases[index] as Case, answer);
    });
  });

  it('change no prototype', () => {
    expect(Reflect.ownKeys(Object.prototype)).toEqual(before);
    for (const answer of answers) {
      if (answer.outcome !== 'refreshed') continue;
      expect(Object.getPrototypeOf(answer.tokens)).toBe(Object.prototype);
      expect(Object.getPrototypeOf(answer.tokens.extras)).toBe(Object.prototype);
    }
  });

  it('meet every kind of outcome', () => {
    const met = new Set(answers.map(({ outcome }) => outcome));
    expect([...met].sort()).toEqual([
      'ambiguous',
      'misconfigured',
      'reauthorizationRequired',
      'refreshed',
      'throttled',
      'transient',
    ]);
    expect(cases.filter((tested) => handedOut(tested) !== undefined).length).toBeGreaterThan(200);
    const isDefect = (answer: TokenAnswer): boolean =>
      answer.outcome === 'refreshed' && answer.defect !== undefined;
    expect(answers.filter(isDefect).length).toBeGreaterThan(100);
  });
});
