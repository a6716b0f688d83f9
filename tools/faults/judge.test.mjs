import assert from 'node:assert/strict';
import test from 'node:test';

import { judge } from './judge.mjs';

/** @typedef {import('./judge.mjs').History} History */
/** @typedef {import('./server/families.mjs').LedgerEntry} LedgerEntry */

const FAMILY = 'acme~1';

/** @type {LedgerEntry} */
const login = {
  at: 0,
  grant: 'login',
  subject: 'acme',
  family: FAMILY,
  worker: 'rig',
  request: 'r0',
  outcome: 'login',
  processedAt: 0,
  issued: 't0',
  answeredAt: 0,
};

/** The use of one refresh token for the next. @param {number} number @param {Partial<LedgerEntry>} [changes] @returns {LedgerEntry} */
const rotation = (number, changes = {}) => ({
  ...login,
  at: number * 1_000,
  grant: 'refresh',
  worker: 'w1#1',
  request: `r${number}`,
  sent: `t${number - 1}`,
  outcome: 'rotated',
  processedAt: number * 1_000 + 10,
  issued: `t${number}`,
  answeredAt: number * 1_000 + 20,
  ...changes,
});

/** The use of a spent refresh token. @param {number} at @returns {LedgerEntry} */
function reuse(at) {
  const entry = rotation(1, { at, processedAt: at, answeredAt: at });
  delete entry.issued;
  return { ...entry, worker: 'w2#1', request: `r-${at}`, outcome: 'spent' };
}

/** @param {Partial<History>} history */
function verdictOf(history) {
  const nothing = { journals: [], kills: [], kept: [], stops: [], outages: [], events: [] };
  const times = { graceMs: 0, timeoutMs: 2_250, takeoverMs: 5_000 };
  const records = { acme: ['t2'] };
  const verdict = judge({ ledger: [], records, ...nothing, ...times, ...history }).get('acme');
  assert.ok(verdict !== undefined);
  return verdict;
}

const clean = [login, rotation(1), rotation(2)];
const killed = [{ worker: 'w1#1', at: 2_005 }];
const told = [{ subject: 'acme', name: 'reauthorizationRequired', at: 9_000 }];

test('a clean history', () => {
  assert.deepEqual(verdictOf({ ledger: clean }), {
    renewals: 2,
    logins: 0,
    lost: undefined,
    spent: 0,
  });
});

test('a refresh token that only a journal or a sibling holds is not lost', () => {
  assert.equal(verdictOf({ ledger: clean, records: {}, journals: ['t2'] }).lost, undefined);
  assert.equal(verdictOf({ ledger: clean, records: { acme: ['t1', 't2'] } }).lost, undefined);
});

test('a lost one', () => {
  const { lost } = verdictOf({ ledger: clean, records: { acme: ['t1'] } });
  assert.deepEqual(lost, { family: FAMILY, excuse: undefined, detected: false });
});

test('one that was lost with its process, and announced', () => {
  const records = { acme: ['t1'] };
  const { lost } = verdictOf({ ledger: clean, records, kills: killed, events: told });
  assert.deepEqual(lost, { family: FAMILY, excuse: 'killed', detected: true });
});

test('one that was lost with its process before the answer left', () => {
  const unanswered = rotation(2);
  delete unanswered.answeredAt;
  const ledger = [login, rotation(1), unanswered];
  const excuseOf = (/** @type {number} */ at) =>
    verdictOf({ ledger, records: {}, kills: [{ worker: 'w1#1', at }] }).lost?.excuse;
  assert.equal(excuseOf(2_005), 'killed');
  assert.equal(excuseOf(60_000), 'answerLost');
});

test('a process that was killed later than it had kept the answer is no excuse', () => {
  const kept = [{ worker: 'w1#1', subject: 'acme', at: 2_030 }];
  const { lost } = verdictOf({ ledger: clean, records: { acme: ['t1'] }, kills: killed, kept });
  assert.equal(lost?.excuse, undefined);
});

test('an event from before the family is no announcement', () => {
  const events = [{ subject: 'acme', name: 'reauthorizationRequired', at: -1 }];
  assert.equal(verdictOf({ ledger: clean, records: {}, events }).lost?.detected, false);
});

test('a double-spent one is lost with its family', () => {
  const { lost, spent } = verdictOf({ ledger: [...clean, reuse(3_000)] });
  assert.equal(spent, 1);
  assert.deepEqual(lost, { family: FAMILY, excuse: undefined, detected: false });
});

test('answers that never came are an excuse, late ones are, and so are copies of the network', () => {
  const unanswered = rotation(2);
  delete unanswered.answeredAt;
  const excuseOf = (
    /** @type {LedgerEntry[]} */ last,
    /** @type {Partial<History>} */ history = {},
  ) => verdictOf({ ledger: [login, rotation(1), ...last, reuse(8_000)], ...history }).lost?.excuse;
  assert.equal(excuseOf([unanswered]), 'answerLost');
  assert.equal(excuseOf([rotation(2, { answeredAt: 4_500 })]), 'answerLost');
  const outages = [{ worker: 'w1#1', from: 2_000, to: 3_000 }];
  assert.equal(excuseOf([rotation(2)], { outages }), 'answerLost');
  assert.equal(
    excuseOf([rotation(2)], { outages: [{ worker: 'w2#1', from: 2_000, to: 3_000 }] }),
    undefined,
  );
  assert.equal(excuseOf([rotation(2), { ...reuse(2_012), request: 'r2' }]), 'duplicated');
});

test('standing still is an excuse only for longer than others wait', () => {
  const stopped = (/** @type {number} */ ms) => [{ worker: 'w1#1', from: 2_001, to: 2_001 + ms }];
  const excuseOf = (/** @type {number} */ ms) =>
    verdictOf({ ledger: [...clean, reuse(8_000)], stops: stopped(ms) }).lost?.excuse;
  assert.equal(excuseOf(5_500), 'stopped');
  assert.equal(excuseOf(3_500), undefined);
});

test('with a grace nothing is an excuse', () => {
  const { lost } = verdictOf({ ledger: clean, records: {}, kills: killed, graceMs: 10_000 });
  assert.equal(lost?.excuse, undefined);
});

test('where the newest replay wins, what it replaced is dead', () => {
  const replay = rotation(2, { at: 3_000, processedAt: 3_010, request: 'r9', outcome: 'replayed' });
  const ledger = [...clean, { ...replay, issued: 't2b', replaced: ['t2'] }];
  assert.notEqual(verdictOf({ ledger, graceMs: 10_000 }).lost, undefined);
  assert.equal(verdictOf({ ledger, graceMs: 10_000, records: { acme: ['t2b'] } }).lost, undefined);
  const both = [...clean, { ...replay, issued: 't2b' }];
  assert.equal(verdictOf({ ledger: both, graceMs: 10_000 }).lost, undefined);
});

test('a family that was left for a new login is not lost', () => {
  const next = {
    ...login,
    at: 5_000,
    family: 'acme~2',
    worker: 'w2#1',
    request: 'r5',
    issued: 'u0',
  };
  const ledger = [...clean, { ...next, processedAt: 5_000 }];
  assert.deepEqual(verdictOf({ ledger, records: { acme: ['u0'] } }), {
    renewals: 2,
    logins: 1,
    lost: undefined,
    spent: 0,
  });
});
