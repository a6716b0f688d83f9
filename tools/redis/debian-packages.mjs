import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { run } from './program.mjs';

/** How long the network may take, ms. */
const NETWORK_MS = 180_000;

/** A library may need a library, and so on: how deep to follow. */
const DEPTH = 4;

/** Loading these from another place than the program's own loader breaks every program. */
const PART_OF_THE_SYSTEM = /^libc6(-|$)/;

/** @param {string} output @returns {string} the line that says what went wrong first */
function firstComplaint(output) {
  return /^E: .*/m.exec(output)?.[0] ?? output;
}

/** @typedef {(program: string, ...args: string[]) => Promise<string>} Apt runs a program of apt's on lists of our own */

/**
 * apt on lists and a cache of our own, so that it needs neither root nor lists that the system has; sources, keys and
 * proxies are the system's.
 *
 * @param {string} work
 * @returns {Apt}
 */
function aptIn(work) {
  for (const folder of ['lists/partial', 'cache/archives/partial', 'packages']) {
    mkdirSync(join(work, folder), { recursive: true });
  }
  writeFileSync(join(work, 'status'), '');
  const options = [
    `Dir::State::Lists=${join(work, 'lists')}`,
    `Dir::State::status=${join(work, 'status')}`,
    `Dir::Cache=${join(work, 'cache')}`,
    'Acquire::Retries=2',
    'Acquire::Languages=none',
    // A mirror that is out of reach is an error and no warning, so that it can be told.
    'APT::Update::Error-Mode=any',
  ].flatMap((option) => ['-o', option]);
  const environment = { LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' };
  return async (program, ...args) => {
    const result = await run(program, [...options, ...args], {
      cwd: join(work, 'packages'),
      env: environment,
      timeoutMs: NETWORK_MS,
    });
    if (!result.ok) throw new Error(`${program} ${args[0]}: ${firstComplaint(result.output)}`);
    return result.output;
  };
}

/**
 * Reads the packages that `apt-cache depends` names, of alternatives the first.
 *
 * @param {string} output
 * @returns {string[]}
 */
export function readDependencies(output) {
  const names = [];
  let alternative = false;
  for (const line of output.split('\n')) {
    const [, bar, name] = /^ ([ |])(?:Pre)?Depends: ([^<\s]+)$/.exec(line) ?? [];
    if (name === undefined) continue;
    if (!alternative) names.push(name);
    alternative = bar === '|';
  }
  return names;
}

/** @param {Apt} apt @param {readonly string[]} packages @returns {Promise<string[]>} the libraries that they need */
async function librariesOf(apt, packages) {
  const names = readDependencies(await apt('apt-cache', 'depends', ...packages));
  const libraries = names.filter((name) => /^(lib|lua)/.test(name));
  return libraries.filter((name) => !PART_OF_THE_SYSTEM.test(name));
}

/** @param {string} root @returns {string[]} the folders with shared libraries */
export function libraryFolders(root) {
  const files = readdirSync(root, { recursive: true, withFileTypes: true });
  const libraries = files.filter(({ name }) => /\.so(\.|$)/.test(name));
  return [...new Set(libraries.map((file) => file.parentPath))].sort();
}

/** @param {string} program @param {string} root @returns {Promise<boolean>} whether a library is still missing */
async function lacksLibrary(program, root) {
  const env = { LD_LIBRARY_PATH: libraryFolders(root).join(':'), LC_ALL: 'C' };
  return /not found/.test((await run('ldd', [program], { env })).output);
}

/**
 * Downloads Redis' server from the distribution's mirror with the libraries that it needs, and unpacks all of it. Needs
 * no root, changes nothing outside of the folder, and works where apt has no lists.
 *
 * @param {string} root an empty folder for the unpacked files
 * @param {string} work an empty folder for lists and packages
 * @returns {Promise<void>}
 * @throws an Error with what apt or dpkg said
 */
export async function unpackDebianRedis(root, work) {
  const apt = aptIn(work);
  // It fails when any one source fails, and most systems have some that Redis is not from.
  const update = await apt('apt-get', 'update').catch((error) => error);
  const unpacked = new Set();
  let level = ['redis-server', 'redis-tools'];
  for (let depth = 0; level.length > 0 && depth < DEPTH; depth++) {
    try {
      await apt('apt-get', 'download', ...level);
    } catch (error) {
      throw update instanceof Error ? update : error;
    }
    for (const file of readdirSync(join(work, 'packages'))) {
      if (unpacked.has(file)) continue;
      const archive = join(work, 'packages', file);
      const { ok, output } = await run('dpkg-deb', ['-x', archive, root], { timeoutMs: 60_000 });
      if (!ok) throw new Error(`dpkg-deb -x ${file} failed: ${output}`);
      unpacked.add(file);
    }
    if (!(await lacksLibrary(join(root, 'usr/bin/redis-server'), root))) return;
    level = await librariesOf(apt, level);
  }
}
