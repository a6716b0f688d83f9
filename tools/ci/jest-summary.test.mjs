import assert from 'node:assert/strict';
import test from 'node:test';

import { sumJestSummaries } from './jest-summary.mjs';

test('counts of several projects are added up, coloured or not', () => {
  const output = [
    '> nx run @oauth-token/core:test',
    'Tests:       1 failed, 2 skipped, 1 todo, 30 passed, 34 total',
    '> nx run @oauth-token/nestjs:test  [local cache]',
    '\u001b[1mTests:       \u001b[22m\u001b[1m\u001b[32m5 passed\u001b[39m\u001b[22m, 5 total',
    'Snapshots:   0 total',
  ].join('\n');
  assert.deepEqual(sumJestSummaries(output), {
    passed: 35,
    failed: 1,
    skipped: 3,
    silent: [],
  });
});

test('a project whose run has no summary is named', () => {
  const output = '> nx run @oauth-token/core:test\nSegmentation fault';
  assert.deepEqual(sumJestSummaries(output).silent, ['@oauth-token/core']);
});
