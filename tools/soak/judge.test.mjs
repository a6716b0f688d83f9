import assert from 'node:assert/strict';
import test from 'node:test';

import { judgeFreshness } from './judge.mjs';

const LIFETIME_MS = 10_000;

/** @param {number} count @returns {import('./judge.mjs').LedgerItem[]} renewals every eight seconds */
const renewals = (count) =>
  Array.from({ length: count }, (_, index) => ({
    at: index * 8_000,
    dialect: '2ba',
    grant: 'refresh_token',
    status: 200,
    refreshToken: `r${index}`,
    issued: {
      accessToken: `a${index + 1}`,
      refreshToken: `r${index + 1}`,
      expiresAt: index * 8_000 + LIFETIME_MS,
    },
  }));

const goodCall = {
  at: 500,
  registrationId: '2ba',
  status: 200,
  apiStatus: 200,
  attempts: 1,
  milliseconds: 4,
};

/**
 * @param {import('./judge.mjs').LedgerItem[]} items
 * @param {import('./judge.mjs').CallRecord[]} [calls]
 * @returns {string[]}
 */
const problemsOf = (items, calls = [goodCall]) =>
  judgeFreshness({
    items,
    calls,
    dialects: { '2ba': '2ba' },
    lifetimeMs: LIFETIME_MS,
    until: 25_000,
  }).problems;

test('a run that kept its promises has no problem', () => {
  assert.deepEqual(problemsOf(renewals(4)), []);
});

test('a token that ended before its renewal is a problem', () => {
  const items = renewals(4);
  items.splice(1, 1);
  assert.match(problemsOf(items).join(), /renewed 6000 ms after its end/);
});

test('a token that nobody renewed is a problem', () => {
  assert.match(problemsOf(renewals(2)).join(), /ended at 18000 was not renewed/);
  assert.match(problemsOf([]).join(), /no token was issued/);
});

test('two token requests for one renewal are a problem', () => {
  const twins = renewals(2).map((item) => ({
    ...item,
    at: item.at + 8_050,
    refreshToken: 'other',
  }));
  assert.match(problemsOf([...renewals(4), ...twins]).join(), /within 50 ms/);
});

test('a spent refresh token is a problem, and so is a refused request', () => {
  const refused = { at: 20_000, dialect: '2ba', grant: 'refresh_token', status: 400 };
  const problems = problemsOf([
    ...renewals(4),
    { ...refused, refreshToken: 'r0', error: 'invalid_grant' },
  ]);
  assert.match(problems.join(), /spent refresh token was sent again at 20000/);
  assert.match(problems.join(), /failed: 400 invalid_grant/);
});

test('a call without its 200 is a problem, and so is a run without calls', () => {
  assert.match(
    problemsOf(renewals(4), [{ ...goodCall, apiStatus: 401 }]).join(),
    /the API said 401/,
  );
  assert.match(problemsOf(renewals(4), []).join(), /no call was made/);
});
