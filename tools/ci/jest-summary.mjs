import { stripVTControlCharacters } from 'node:util';

/**
 * @typedef {object} Counts
 * @property {number} passed
 * @property {number} failed
 * @property {number} skipped skipped and todo
 * @property {string[]} silent projects whose tests were started and that printed no summary
 */

/** @param {string} summary @param {string} kind @returns {number} */
function countOf(summary, kind) {
  return Number(new RegExp(`(\\d+) ${kind}`).exec(summary)?.[1] ?? 0);
}

/**
 * Adds up what Jest prints at the end of each run (`Tests: 1 failed, 2 skipped, 3 passed, 6 total`) in the output of
 * `nx run-many -t test`, for a project served from Nx's cache as for one that ran.
 *
 * @param {string} output
 * @returns {Counts}
 */
export function sumJestSummaries(output) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  /** @type {Set<string>} */
  const silent = new Set();
  let project = '';
  for (const line of stripVTControlCharacters(output).split('\n')) {
    const started = /^\s*> nx run (\S+):test\b/.exec(line)?.[1];
    if (started !== undefined) silent.add((project = started));
    const summary = /^\s*Tests:\s+(.*\btotal)\s*$/.exec(line)?.[1];
    if (summary === undefined) continue;
    silent.delete(project);
    counts.passed += countOf(summary, 'passed');
    counts.failed += countOf(summary, 'failed');
    counts.skipped += countOf(summary, 'skipped') + countOf(summary, 'todo');
  }
  return { ...counts, silent: [...silent] };
}
