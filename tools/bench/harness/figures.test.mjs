import assert from 'node:assert/strict';
import { test } from 'node:test';

import { roundTrips } from './round-trips.mjs';
import { verdictOf } from './rows.mjs';
import { median } from './statistics.mjs';
import { formatTable } from './table.mjs';

test('the median is the middle, whatever the order', () => {
  assert.equal(median([10, 9, 2]), 9);
  assert.equal(median([4, 1, 3, 2]), 2.5);
});

test('a goal is met, missed, or void', () => {
  const row = { what: 'time', value: 1.5, unit: 'x' };
  assert.equal(verdictOf(row), '');
  assert.equal(verdictOf({ ...row, goal: { atMost: 1.5 } }), 'ok');
  assert.equal(verdictOf({ ...row, goal: { atMost: 1.4 } }), 'MISS');
  assert.equal(verdictOf({ ...row, goal: { atLeast: 1.6 } }), 'MISS');
  assert.equal(verdictOf({ ...row, goal: { exactly: 1 } }), 'MISS');
  // What was not measured is not met.
  assert.equal(verdictOf({ ...row, value: NaN, goal: { atMost: 2 } }), 'MISS');
  assert.equal(verdictOf({ ...row, goal: { atMost: 2 }, doesNotCount: 'slow control' }), 'void');
});

test('commands that are under way together are one round trip', () => {
  const command = (/** @type {number} */ sentAt, /** @type {number} */ answeredAt) => ({
    name: 'get',
    sentAt,
    answeredAt,
  });
  assert.equal(roundTrips([]), 0);
  assert.equal(roundTrips([command(0, 1), command(1, 2), command(2, 3)]), 3);
  assert.equal(roundTrips([command(0, 2), command(1, 3), command(2, 4)]), 2);
});

test('a table holds each figure with its goal', () => {
  const line = formatTable([{ what: 'requests', value: 1, unit: '', goal: { exactly: 1 } }]);
  assert.match(line, /requests +1 +.*= 1 +ok/);
});
