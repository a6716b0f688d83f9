import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { repositoryRoot } from '../process/repository-root.mjs';
import { parseMarkdown } from './markdown.mjs';

/** @typedef {import('./markdown.mjs').MarkdownPage & { path: string }} Page a page and its path from the top */

/** @param {string} folder from the top @param {boolean} recursive @returns {string[]} */
function markdownIn(folder, recursive) {
  if (!existsSync(join(repositoryRoot, folder))) return [];
  return readdirSync(join(repositoryRoot, folder), { recursive, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name));
}

/**
 * Reads the pages of the repository: those at its top, all below `docs/`, and each package's README.
 *
 * @returns {Page[]}
 */
export function readPages() {
  const packages = readdirSync(join(repositoryRoot, 'packages'));
  const paths = [
    ...markdownIn('.', false),
    ...markdownIn('docs', true),
    ...packages.flatMap((name) => markdownIn(join('packages', name), false)),
  ];
  return paths.map((path) => ({
    path,
    ...parseMarkdown(readFileSync(join(repositoryRoot, path), 'utf8')),
  }));
}
