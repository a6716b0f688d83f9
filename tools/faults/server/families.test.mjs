import assert from 'node:assert/strict';
import test from 'node:test';

import { Families } from './families.mjs';

/** @param {number} [graceMs] */
function start(graceMs = 0) {
  let time = 0;
  const families = new Families({ graceMs, now: () => time });
  const first = families.login('acme').issued ?? '';
  return { families, first, pass: (/** @type {number} */ ms) => (time += ms) };
}

test('a second use revokes the family', () => {
  const { families, first } = start();
  const second = families.refresh(first);
  assert.equal(second.outcome, 'rotated');
  assert.equal(families.refresh(first).outcome, 'spent');
  assert.equal(families.refresh(second.issued ?? '').outcome, 'refused');
  assert.equal(families.refresh('acme~1.forged').outcome, 'refused');
});

test('within the grace the newest replay wins, until its answer is used', () => {
  const { families, first, pass } = start(1_000);
  const one = families.refresh(first).issued ?? '';
  pass(900);
  const two = families.refresh(first);
  assert.deepEqual([two.outcome, two.replaced], ['replayed', [one]]);
  assert.equal(families.refresh(one).outcome, 'refused');
  assert.equal(families.refresh(two.issued ?? '').outcome, 'rotated');
  assert.equal(families.refresh(first).outcome, 'spent');
});

test('after the grace a second use revokes the family', () => {
  const { families, first, pass } = start(1_000);
  families.refresh(first);
  pass(1_000);
  assert.equal(families.refresh(first).outcome, 'spent');
});

test('where all replays are good, both answers live', () => {
  const { families, first } = start(1_000);
  const one = families.refresh(first).issued ?? '';
  const two = families.refresh(first, 'all').issued ?? '';
  assert.equal(families.refresh(one).outcome, 'rotated');
  assert.equal(families.refresh(two).outcome, 'rotated');
});
