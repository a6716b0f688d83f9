import assert from 'node:assert/strict';
import type { Grant, ProviderAdapter, TokenSet } from '@oauth-token/core';
import type { ContractCase } from '../contract-case.js';
import {
  bendable,
  type BendableAnswer,
  checkAnswer,
  checkDefectKeepsRefreshToken,
  checkKeptRefreshToken,
  parse,
  toResponse,
} from './answer-checks.js';
import { checkBadAnswers, checkBentAnswers } from './answer-fuzz.js';
import { FIXTURE_SENT_AT, type ProviderFixture } from './provider-fixture.js';
import { checkEncoding, checkNoLeak, checkRequest, deepFreeze } from './request-checks.js';

const RUNS = 2_000;

const HTML = '<!doctype html><html><body><h1>Bad gateway</h1></body></html>';

const contractCase = (name: string, check: () => void): ContractCase => ({
  name,
  // A failed check rejects instead of throwing at once.
  run: () => Promise.resolve().then(check),
});

/**
 * What every {@link ProviderAdapter} keeps: requests encoded once and without secrets in the URL, answers that never throw,
 * refresh tokens that are never lost, sane expiry times, and the classes of failures. The fixtures tell the rest.
 *
 * @throws Error when there is no fixture
 * @public
 */
export function providerAdapterContract(
  adapter: ProviderAdapter,
  fixtures: readonly ProviderFixture[],
): readonly ContractCase[] {
  const first = fixtures[0];
  if (first === undefined) throw new Error('providerAdapterContract: give at least one fixture.');
  return [
    ...fixtures.flatMap((fixture) => fixtureCases(adapter, fixture)),
    ...adapter.grants.map((type) =>
      contractCase(`${type}: credentials are encoded once, and none is in the URL`, () => {
        const own = fixtures.find(({ grant }) => grant.type === type) ?? first;
        checkEncoding(adapter, type, own.context);
      }),
    ),
    ...bendingCases(adapter, fixtures),
    ...failureCases(adapter, first.grant),
    ...attachCases(adapter),
  ];
}

function fixtureCases(adapter: ProviderAdapter, fixture: ProviderFixture): readonly ContractCase[] {
  const { name, grant, context, request, response, answer, sentAt } = fixture;
  const asked = contractCase(`${name}: request`, () => {
    const built = adapter.buildRequest(deepFreeze(grant), deepFreeze(context));
    checkNoLeak(built);
    checkRequest(built, request ?? {});
  });
  if (response === undefined || answer === undefined) return [asked];
  const answered = contractCase(`${name}: answer`, () => {
    checkAnswer(parse(adapter, toResponse(response), grant, sentAt), answer);
  });
  return [asked, answered];
}

function bendingCases(
  adapter: ProviderAdapter,
  fixtures: readonly ProviderFixture[],
): readonly ContractCase[] {
  const samples = fixtures.flatMap(({ response }) =>
    response === undefined ? [] : [toResponse(response).body],
  );
  const grants = fixtures.map(({ grant }) => grant);
  const each = (check: (adapter: ProviderAdapter, answer: BendableAnswer) => void) => (): void => {
    for (const fixture of fixtures) {
      const answer = bendable(adapter, fixture);
      if (answer !== undefined) check(adapter, answer);
    }
  };
  return [
    contractCase(
      'an answer without a refresh token leaves the old one',
      each(checkKeptRefreshToken),
    ),
    contractCase(
      'an unusable access token does not lose the refresh token beside it',
      each(checkDefectKeepsRefreshToken),
    ),
    contractCase('no bent member loses a refresh token or an expiry', each(checkBentAnswers)),
    contractCase('bad answers never throw, pollute or read as nonsense', () => {
      checkBadAnswers(adapter, grants, samples, RUNS);
    }),
  ];
}

function failureCases(adapter: ProviderAdapter, grant: Grant): readonly ContractCase[] {
  const outcomes = (name: string, response: Parameters<typeof toResponse>[0], ...good: string[]) =>
    contractCase(name, () => {
      const { outcome } = parse(adapter, toResponse(response), grant);
      assert.ok(good.includes(outcome), `${outcome} is none of ${good.join(', ')}`);
    });
  const html = { 'content-type': 'text/html' };
  return [
    contractCase('429 throttles for as long as the server asks', () => {
      const response = toResponse({ status: 429, headers: { 'retry-after': '7' }, body: '' });
      const answer = parse(adapter, response, grant);
      assert.ok(answer.outcome === 'throttled', answer.outcome);
      assert.equal(answer.retryAfterMs, 7_000);
    }),
    outcomes('503 was not processed', { status: 503, body: '' }, 'transient', 'throttled'),
    outcomes(
      '500 with a page is ambiguous',
      { status: 500, headers: html, body: HTML },
      'ambiguous',
    ),
    outcomes(
      '502 with a page is ambiguous',
      { status: 502, headers: html, body: HTML },
      'ambiguous',
    ),
    outcomes(
      '200 with a page is ambiguous',
      { status: 200, headers: html, body: HTML },
      'ambiguous',
    ),
    outcomes('200 with a cut body is ambiguous', { body: '{"access_tok' }, 'ambiguous'),
  ];
}

function attachCases(adapter: ProviderAdapter): readonly ContractCase[] {
  const tokens: TokenSet = {
    accessToken: 'canary-access',
    tokenType: 'Bearer',
    issuedAt: FIXTURE_SENT_AT,
    expiresAt: FIXTURE_SENT_AT + 60_000,
    refreshToken: 'canary-refresh',
    extras: {},
  };
  return [
    contractCase('the access token rides on API calls, the refresh token does not', () => {
      const headers = Object.entries(adapter.attachHeaders(deepFreeze(tokens)));
      const values = headers.map(([, value]) => value).join('\n');
      assert.match(values, /canary-access/);
      assert.doesNotMatch(values, /canary-refresh/);
      for (const [name] of headers) assert.equal(name, name.toLowerCase());
    }),
    contractCase('an API refuses the access token with 401, and does not with 200', () => {
      const headers = { 'www-authenticate': 'Bearer error="invalid_token"' };
      assert.equal(adapter.isAccessTokenRejected({ status: 401, headers }), true);
      assert.equal(adapter.isAccessTokenRejected({ status: 200, headers: {} }), false);
    }),
  ];
}
