import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { packPublicPackages } from '../packages/public-packages.mjs';
import { repositoryRoot } from '../process/repository-root.mjs';
import { mustRun } from '../process/run-command.mjs';

/**
 * Installs the packed packages into two throw-away services, one on Nest 11 in CommonJS and one on Nest 12 in ECMAScript
 * modules, and runs the scenario in each.
 */

/**
 * @typedef {object} Consumer
 * @property {string} name also of its folder
 * @property {string} main the script to run
 * @property {Record<string, string>} versions of everything but our own packages
 */

/** The Nest 12 of the workspace itself: what the Nest package is built and tested with. */
const nest12 = JSON.parse(
  readFileSync(join(repositoryRoot, 'packages/nestjs/package.json'), 'utf8'),
).devDependencies;

/** @type {readonly Consumer[]} */
const consumers = [
  {
    name: 'nest-11-commonjs',
    main: 'main.cjs',
    versions: {
      '@nestjs/axios': '4.0.1',
      '@nestjs/common': '11.2.10',
      '@nestjs/core': '11.2.10',
      '@nestjs/platform-express': '11.2.10',
      '@nestjs/schedule': '6.1.3',
      axios: '1.21.1',
      cron: '4.4.0',
      'reflect-metadata': '0.2.2',
      rxjs: '7.8.2',
    },
  },
  { name: 'nest-12-esm', main: 'main.mjs', versions: nest12 },
];

/**
 * @param {Consumer} consumer
 * @param {string} parent the folder for the consumers
 * @param {readonly import('../packages/public-packages.mjs').PackedPackage[]} packed
 * @returns {Promise<boolean>} whether it works
 */
async function works({ name, main, versions }, parent, packed) {
  const cwd = join(parent, name);
  const ours = Object.fromEntries(packed.map((each) => [each.name, `file:${each.tarball}`]));
  const manifest = { name, private: true, dependencies: { ...versions, ...ours } };
  mkdirSync(cwd);
  writeFileSync(join(cwd, 'package.json'), JSON.stringify(manifest, undefined, 2));
  for (const script of [main, 'scenario.cjs']) {
    copyFileSync(join(repositoryRoot, 'tools/consumers', script), join(cwd, script));
  }
  try {
    const quiet = ['--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'];
    await mustRun(['npm', 'install', ...quiet], { cwd, timeoutMs: 240_000 });
    const { output } = await mustRun(['node', main], { cwd, timeoutMs: 60_000 });
    console.log(`${name}: ok\n${output.trimEnd()}`);
    return true;
  } catch (error) {
    console.log(`${name}: FAILED\n${error instanceof Error ? error.message : String(error)}`);
    return false;
  }
}

const folder = mkdtempSync(join(tmpdir(), 'oauth-token-consumers-'));
try {
  const packed = await packPublicPackages(folder);
  const results = await Promise.all(consumers.map((each) => works(each, folder, packed)));
  if (results.includes(false)) process.exitCode = 1;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
