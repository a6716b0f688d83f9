import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { repositoryRoot } from '../process/repository-root.mjs';
import { parseMarkdown } from './markdown.mjs';

/** @typedef {import('./pages.mjs').Page} Page */

/** Paths that a page names in code: they begin with a folder of ours, hold no placeholder, and are not built. */
const PATH = /^(apps|packages|tools|docs|\.ci)\/(?!.*(\/dist\/|[*<{…]))\S+$/;
const SCRIPT = /\bnpm (?:run (?:-\S+ )*)([\w:-]+)/g;

/** @param {string} path from the top @returns {string | undefined} */
function read(path) {
  const absolute = join(repositoryRoot, path);
  return existsSync(absolute) ? readFileSync(absolute, 'utf8') : undefined;
}

/** @param {Page} page @param {string} target @returns {string | undefined} what is wrong with a link */
function linkProblem(page, target) {
  if (/^[a-z][a-z+.-]*:/i.test(target)) return undefined;
  const [file = '', anchor] = decodeURI(target).split('#');
  const path = file === '' ? page.path : join(dirname(page.path), file);
  if (!existsSync(join(repositoryRoot, path))) return `links to ${path}, which does not exist`;
  if (anchor === undefined || !path.endsWith('.md')) return undefined;
  const anchors = path === page.path ? page.anchors : parseMarkdown(read(path) ?? '').anchors;
  return anchors.has(anchor) ? undefined : `links to #${anchor}, which ${path} has not`;
}

/**
 * Names what a page refers to and what does not exist: files and anchors that it links to, paths and npm scripts that it
 * names. Links to other sites are not followed.
 *
 * @param {Page} page
 * @returns {string[]}
 */
export function referenceProblems(page) {
  const scripts = JSON.parse(read('package.json') ?? '{}').scripts;
  const links = page.links.flatMap(({ target, line }) => {
    const problem = linkProblem(page, target);
    return problem === undefined ? [] : [`${page.path}:${line} ${problem}`];
  });
  const paths = page.codeSpans
    .filter(({ text }) => PATH.test(text) && !existsSync(join(repositoryRoot, text)))
    .map(({ text, line }) => `${page.path}:${line} names ${text}, which does not exist`);
  const texts = [
    ...page.codeSpans,
    ...page.blocks.map(({ code, line }) => ({ text: code.join('\n'), line })),
  ];
  const commands = texts.flatMap(({ text, line }) =>
    [...text.matchAll(SCRIPT)]
      .filter(([, script = '']) => !(script in scripts))
      .map(([, script]) => `${page.path}:${line} names npm run ${script}, which does not exist`),
  );
  return [...links, ...paths, ...commands];
}
