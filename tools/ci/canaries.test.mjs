import assert from 'node:assert/strict';
import test from 'node:test';
import { inspect } from 'node:util';

import { findCanaries } from './canaries.mjs';

// Put together here, so that no run of these tests can print one.
const canary = ['canary', '3f9c01d2aa'].join('-');

test('a canary is found in the line where it stands', () => {
  assert.deepEqual(findCanaries(`fine\ntoken=${canary}&x=1\nfine`), [{ line: 2, form: 'plain' }]);
});

test('a canary is found in Basic credentials, wherever it begins', () => {
  for (const user of ['a', 'ab', 'abc', 'abcd']) {
    const header = Buffer.from(`${user}:${canary}`).toString('base64');
    assert.deepEqual(findCanaries(`authorization: Basic ${header}`), [{ line: 1, form: 'base64' }]);
  }
});

test('a canary is found in an inspected Buffer', () => {
  assert.deepEqual(findCanaries(inspect(Buffer.from(canary))), [{ line: 1, form: 'bytes' }]);
});

test('talk about canaries is no canary', () => {
  assert.deepEqual(findCanaries('no canary in the output; canaries are secrets'), []);
});
