import { existsSync, readFileSync } from 'node:fs';

import { findCanaries } from './canaries.mjs';
import { sumJestSummaries } from './jest-summary.mjs';

/**
 * `node tools/ci/summary.mjs <log of npm test> [further logs]`: names what is wrong with a run, and ends with the line
 * `tests: N passed, N failed, N skipped`. Exits with 1 when a test failed, was skipped or is missing, or when a secret
 * of a test stands in any log.
 */
const [testLog = '', ...furtherLogs] = process.argv.slice(2);
const problems = [];

const counts = sumJestSummaries(readLog(testLog));
if (counts.passed + counts.failed === 0) problems.push('no test ran');
if (counts.failed > 0) problems.push(`${counts.failed} tests failed`);
if (counts.skipped > 0) problems.push(`${counts.skipped} tests are skipped or to do`);
for (const project of counts.silent) problems.push(`the tests of ${project} came to no end`);
for (const log of [testLog, ...furtherLogs]) {
  for (const { line, form } of findCanaries(readLog(log))) {
    problems.push(`a secret of a test (${form}) is printed in line ${line} of ${log}`);
  }
}

for (const problem of problems) console.log(`problem: ${problem}`);
console.log(`tests: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exitCode = problems.length === 0 ? 0 : 1;

/** @param {string} path @returns {string} */
function readLog(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}
