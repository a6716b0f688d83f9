import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { repositoryRoot } from '../process/repository-root.mjs';
import { mustRun } from '../process/run-command.mjs';

/**
 * @typedef {object} PublicPackage
 * @property {string} name
 * @property {string} folder absolute
 * @property {Record<string, any>} manifest its package.json
 */

/** @typedef {PublicPackage & { tarball: string, files: string[] }} PackedPackage */

/**
 * The workspace packages that are published: those below `packages/` that are not private.
 *
 * @returns {PublicPackage[]}
 */
export function listPublicPackages() {
  const parent = join(repositoryRoot, 'packages');
  return readdirSync(parent)
    .map((name) => join(parent, name))
    .filter((folder) => existsSync(join(folder, 'package.json')))
    .map((folder) => {
      const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
      return { name: String(manifest.name), folder, manifest };
    })
    .filter(({ manifest }) => manifest['private'] !== true);
}

/**
 * Builds and packs every public package.
 *
 * @param {string} destination folder for the tarballs
 * @returns {Promise<PackedPackage[]>}
 * @throws an Error with the output when a build or `npm pack` fails
 */
export async function packPublicPackages(destination) {
  const packages = listPublicPackages();
  const names = packages.map(({ name }) => name);
  await mustRun(['nx', 'run-many', '-t', 'build', '-p', names.join(','), '--outputStyle=static']);
  const workspaces = names.flatMap((name) => ['-w', name]);
  const { stdout } = await mustRun([
    ...['npm', 'pack', '--json', '--ignore-scripts', '--pack-destination', destination],
    ...workspaces,
  ]);
  /** @type {{ name: string, filename: string, files: { path: string }[] }[]} */
  const packed = JSON.parse(stdout);
  return packages.map((each) => {
    const answer = packed.find(({ name }) => name === each.name);
    if (answer === undefined) throw new Error(`npm pack made no tarball of ${each.name}`);
    const tarball = join(destination, answer.filename);
    return { ...each, tarball, files: answer.files.map(({ path }) => path) };
  });
}
