import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import { repositoryRoot } from '../process/repository-root.mjs';

/**
 * One check of `npm run check`.
 *
 * @typedef {{ name: string, what: string, command: readonly string[] }} CheckStep
 */

/** @param {string} target @returns {string[]} */
const everyProject = (target) => ['nx', 'run-many', '-t', target, '--outputStyle=static'];

/** @param {string} path @returns {string[]} */
const script = (path) => ['node', path];

const toolTests = readdirSync(join(repositoryRoot, 'tools'), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.test.mjs'))
  .map((path) => join('tools', path));

/** All checks, in the order in which they run. @type {readonly CheckStep[]} */
export const steps = [
  { name: 'references', what: 'project references match', command: ['nx', 'sync:check'] },
  { name: 'types', what: 'every project compiles', command: everyProject('typecheck') },
  { name: 'types-tools', what: 'tools compile', command: ['tsc', '-p', 'tools/tsconfig.json'] },
  { name: 'lint', what: 'ESLint with module boundaries', command: everyProject('lint') },
  {
    name: 'lint-tools',
    what: 'ESLint on tools',
    command: ['eslint', 'tools', 'eslint.config.mjs'],
  },
  { name: 'format', what: 'prettier', command: ['prettier', '--check', '.'] },
  { name: 'unused', what: 'knip', command: ['knip'] },
  { name: 'tools', what: 'tests of the tools', command: ['node', '--test', ...toolTests] },
  {
    name: 'docs',
    what: 'code, links and names in the docs',
    command: script('tools/docs/check.mjs'),
  },
  { name: 'packages', what: 'publint, attw, files', command: script('tools/packages/check.mjs') },
  {
    name: 'consumers',
    what: 'packed, in Nest 11 and 12',
    command: script('tools/consumers/check.mjs'),
  },
];
