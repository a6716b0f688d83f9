import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { repositoryRoot } from '../process/repository-root.mjs';
import { runCommand } from '../process/run-command.mjs';

/** @typedef {import('./pages.mjs').Page} Page */

/** Inside the repository, so that the workspace's packages resolve to their sources; ignored by git. */
const FOLDER = 'out-tsc/docs';

const CONFIGURATION = {
  extends: '../../tsconfig.base.json',
  compilerOptions: {
    composite: false,
    declaration: false,
    declarationMap: false,
    noEmit: true,
    noUnusedLocals: false,
    noUnusedParameters: false,
    moduleDetection: 'force',
  },
  include: ['*.ts'],
};

/**
 * Compiles every `ts` block of some pages against the sources of the workspace, each as a module of its own.
 *
 * @param {readonly Page[]} pages
 * @returns {Promise<{ count: number, problems: string[] }>} problems with the page's path and line
 */
export async function compileBlocks(pages) {
  const folder = join(repositoryRoot, FOLDER);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(CONFIGURATION));
  /** @type {Map<string, string>} */
  const origins = new Map();
  for (const { path, blocks } of pages) {
    for (const { language, line, code } of blocks) {
      if (language !== 'ts') continue;
      const name = `${path.replaceAll('/', '-')}-${line}.ts`;
      origins.set(name, path);
      // Blank lines before it: the compiler's line numbers are the page's.
      writeFileSync(join(folder, name), '\n'.repeat(line - 1) + code.join('\n'));
    }
  }
  if (origins.size === 0) return { count: 0, problems: [] };
  const { ok, output } = await runCommand(['tsc', '-p', FOLDER, '--pretty', 'false']);
  if (ok) return { count: origins.size, problems: [] };
  const problems = output.trim().replace(/^out-tsc\/docs\/([^(]+)\((\d+),\d+\): /gm, (...match) => {
    const [, name, line] = match;
    return `${origins.get(name)}:${line} `;
  });
  return { count: origins.size, problems: problems.split('\n') };
}
