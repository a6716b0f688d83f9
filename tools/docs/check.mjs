import { compileBlocks } from './compile.mjs';
import { readPages } from './pages.mjs';
import { referenceProblems } from './references.mjs';

/**
 * Checks the pages of the repository: every `ts` block compiles, whatever is linked to or named exists, and the README's
 * quick start is short.
 */

const QUICK_START_LINES = 25;

/** @param {readonly import('./pages.mjs').Page[]} pages @returns {string[]} */
function quickStartProblems(pages) {
  const readme = pages.find(({ path }) => path === 'README.md');
  const block = readme?.blocks.find(
    ({ language, heading }) => language === 'ts' && /^quick start/i.test(heading),
  );
  if (block === undefined) return ['README.md has no ts block below a heading "Quick start"'];
  return block.code.length > QUICK_START_LINES
    ? [
        `README.md:${block.line} the quick start has ${block.code.length} lines, more than ${QUICK_START_LINES}`,
      ]
    : [];
}

const pages = readPages();
const { count, problems: codeProblems } = await compileBlocks(pages);
const problems = [
  ...quickStartProblems(pages),
  ...pages.flatMap(referenceProblems),
  ...codeProblems,
];
for (const problem of problems) console.log(problem);
console.log(`${pages.length} pages, ${count} blocks of code, ${problems.length} problems`);
if (problems.length > 0) process.exitCode = 1;
