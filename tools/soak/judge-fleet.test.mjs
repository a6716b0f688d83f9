import assert from 'node:assert/strict';
import test from 'node:test';

import { judgeFleet } from './judge-fleet.mjs';

/** @typedef {import('./judge.mjs').LedgerItem} LedgerItem */

const LIFETIME_MS = 8_000;
const UNTIL = 30_000;

/**
 * @param {string} login whose chain it is in
 * @param {number} index its place there
 * @param {number} at
 * @returns {LedgerItem}
 */
const item = (login, index, at) => ({
  at,
  dialect: 'oidc',
  grant: index === 0 ? 'password' : 'refresh_token',
  status: 200,
  ...(index === 0 ? {} : { refreshToken: `${login}-r${index - 1}` }),
  issued: {
    accessToken: `${login}-a${index}`,
    refreshToken: `${login}-r${index}`,
    expiresAt: at + LIFETIME_MS,
  },
});

/** A login and a renewal every six seconds. @param {string} login @returns {LedgerItem[]} */
const chain = (login) =>
  [0, 6_000, 12_000, 18_000, 24_000].map((at, index) => item(login, index, at));

const good = [...chain('one'), ...chain('two')];
const goodCall = {
  at: 500,
  registrationId: 'one',
  status: 200,
  apiStatus: 200,
  attempts: 1,
  milliseconds: 4,
};

/** @param {Partial<Parameters<typeof judgeFleet>[0]>} run @returns {string[]} */
const problemsOf = (run) =>
  judgeFleet({ items: good, calls: [goodCall], registrations: 2, until: UNTIL, ...run }).problems;

/** The good run with a renewal of the first login put off. @param {number} byMs */
const putOff = (byMs) =>
  good.map((one) => (one.refreshToken === 'one-r1' ? { ...one, at: one.at + byMs } : one));

test('a run that kept its promises has no problem, in whatever order the ledger comes', () => {
  assert.deepEqual(problemsOf({}), []);
  assert.deepEqual(problemsOf({ items: [...good].reverse() }), []);
});

test('the figures tell what happened', () => {
  const { figures } = judgeFleet({
    items: good,
    calls: [goodCall],
    registrations: 2,
    until: UNTIL,
  });
  assert.equal(figures['logins'], 2);
  assert.match(String(figures['renewals']), /^8, from 4 to 4/);
  assert.match(String(figures['before the end']), /closest 2000 ms/);
});

test('a refresh token that is spent twice is a problem, whoever gets an answer', () => {
  const twin = { ...item('one', 2, 12_040), issued: { accessToken: 'x', expiresAt: 90_000 } };
  assert.match(problemsOf({ items: [...good, twin] }).join(), /spent refresh token .* 12040/);
  const refused = { at: 12_050, dialect: 'oidc', grant: 'refresh_token', status: 400, reuse: true };
  assert.match(
    problemsOf({ items: [...good, { ...refused, refreshToken: 'one-r1' }] }).join(),
    /failed: 400.*spent refresh token/s,
  );
});

test('a second renewal on the heels of the first is a problem', () => {
  const heels = { ...item('one', 5, 24_900), refreshToken: 'one-r4' };
  assert.match(problemsOf({ items: [...good, heels] }).join(), /within 900 ms, at 24900/);
});

test('a second login of a registration is a problem, and so is one that is missing', () => {
  assert.match(problemsOf({ items: [...good, item('three', 0, 29_000)] }).join(), /3 logins for 2/);
  assert.match(problemsOf({ items: chain('one') }).join(), /1 logins for 2/);
});

test('a late renewal is a problem, and one that never came', () => {
  assert.match(
    problemsOf({ items: putOff(2_500) }).join(),
    /renewed 500 ms after its end at 14000/,
  );
  const ended = [...chain('one'), ...chain('two').slice(0, 3)];
  assert.match(problemsOf({ items: ended }).join(), /ended at 20000 was not renewed/);
});

test('what a killed replica had claimed may be late, but no more than that and no longer than its claims', () => {
  const items = putOff(2_500);
  assert.deepEqual(problemsOf({ items, kill: { at: 13_000, held: 1 } }), []);
  assert.match(problemsOf({ items, kill: { at: 13_000, held: 0 } }).join(), /left 0 claims/);
  assert.match(problemsOf({ items, kill: { at: 15_000, held: 1 } }).join(), /after its end/);
  assert.match(problemsOf({ items, kill: { at: 2_000, held: 1 } }).join(), /after its end/);
});

test('a call that failed, or took a second try, is a problem, and a run without calls', () => {
  assert.match(problemsOf({ calls: [{ ...goodCall, apiStatus: 401 }] }).join(), /said 401/);
  assert.match(problemsOf({ calls: [{ ...goodCall, attempts: 2 }] }).join(), /sent twice/);
  assert.match(problemsOf({ calls: [] }).join(), /no call was made/);
});
