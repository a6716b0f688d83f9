import { builtinModules } from 'node:module';

import ts from 'typescript';

/** @typedef {Record<string, any>} Manifest a package.json */

const PUBLISHED = /^(dist\/.+\.(js|d\.ts)|package\.json|README\.md|LICENSE)$/;
const UNWANTED = /\.spec\.|\.test\.|tsbuildinfo/;

/**
 * Names what is wrong with the list of files of a packed package: files that nobody needs, and exports that are missing.
 *
 * @param {readonly string[]} files
 * @param {Manifest} manifest
 * @returns {string[]}
 */
export function inspectFiles(files, manifest) {
  const unwanted = files
    .filter((file) => !PUBLISHED.test(file) || UNWANTED.test(file))
    .map((file) => `${file} should not be published`);
  const missing = exportTargets(manifest['exports'])
    .map((target) => target.replace(/^\.\//, ''))
    .filter((target) => !files.includes(target))
    .map((target) => `${target} is exported and not published`);
  return [...unwanted, ...missing];
}

/**
 * The files that a package's `exports` lead to, without those that only this workspace sees.
 *
 * @param {any} exported
 * @returns {string[]}
 */
function exportTargets(exported) {
  if (typeof exported === 'string') return [exported];
  return Object.entries(exported ?? {})
    .filter(([condition]) => condition !== '@oauth-token/source')
    .flatMap(([, target]) => exportTargets(target));
}

/**
 * Names the packages that a file imports and that whoever installs the package would not have.
 *
 * @param {string} source of a `.d.ts` or `.js` file
 * @param {Manifest} manifest
 * @returns {string[]}
 */
export function undeclaredImports(source, manifest) {
  const declared = new Set([
    manifest['name'],
    ...Object.keys(manifest['dependencies'] ?? {}),
    ...Object.keys(manifest['peerDependencies'] ?? {}),
  ]);
  const { importedFiles, typeReferenceDirectives } = ts.preProcessFile(source, true, true);
  const names = [...importedFiles, ...typeReferenceDirectives]
    .map(({ fileName }) => fileName)
    .filter((specifier) => !specifier.startsWith('.') && !specifier.startsWith('node:'))
    .map((specifier) =>
      specifier
        .split('/')
        .slice(0, specifier.startsWith('@') ? 2 : 1)
        .join('/'),
    )
    .filter((name) => name !== 'node' && !builtinModules.includes(name) && !declared.has(name));
  return [...new Set(names)];
}
