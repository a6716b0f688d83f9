import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { cacheFolder } from './cache-folder.mjs';
import { libraryFolders, unpackDebianRedis } from './debian-packages.mjs';
import { lookUp, readProgram } from './program.mjs';

/** @typedef {import('./index.mjs').RedisProgram} RedisProgram */

/** @returns {string} the distribution's release and the machine's architecture, which decide what can run */
function platform() {
  const release = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '';
  const [id, version] = ['ID', 'VERSION_ID'].map(
    (name) => new RegExp(`^${name}="?([\\w.-]+)`, 'm').exec(release)?.[1] ?? 'unknown',
  );
  return `${id}-${version}-${process.arch}`;
}

/** @param {string} root @returns {Promise<RedisProgram | string>} */
async function programIn(root) {
  const server = join(root, 'usr/bin/redis-server');
  if (!existsSync(server)) return `nothing in ${root}`;
  const folders = libraryFolders(root).join(':');
  /** @type {Record<string, string>} */
  const env = folders === '' ? {} : { LD_LIBRARY_PATH: folders };
  return readProgram(server, { env, from: `packages unpacked in ${root}` });
}

/**
 * Puts a folder in its place at once, so that nobody meets half of one. Of two that come at once the first one stays.
 *
 * @param {string} made
 * @param {string} place
 */
function moveInto(place, made) {
  try {
    renameSync(made, place);
  } catch (error) {
    if (!existsSync(join(place, 'usr/bin/redis-server'))) throw error;
  }
}

/**
 * Finds a server that was unpacked before, or unpacks Debian's or Ubuntu's packages into the user's cache.
 *
 * @param {NodeJS.ProcessEnv} environment
 * @returns {Promise<RedisProgram | string>} or why there is none
 */
export async function findUnpacked(environment) {
  const lacking = ['apt-get', 'apt-cache', 'dpkg-deb'].filter(
    (name) => lookUp(name, environment['PATH']) === undefined,
  );
  if (lacking.length > 0) return `no ${lacking.join(', ')} here`;
  const cache = cacheFolder(environment);
  const place = join(cache, `redis-${platform()}`);
  const cached = await programIn(place);
  if (typeof cached !== 'string') return cached;

  process.stderr.write(`No redis-server here: unpacking the distribution's into ${place} …\n`);
  const work = join(cache, `unpacking-${randomUUID()}`);
  const root = join(work, 'root');
  try {
    mkdirSync(root, { recursive: true });
    await unpackDebianRedis(root, work);
    const made = await programIn(root);
    if (typeof made === 'string') return made;
    // One that is there and does not run, as after an upgrade of the system, is in the way.
    if (existsSync(place) && typeof (await programIn(place)) === 'string') {
      renameSync(place, join(work, 'broken'));
    }
    moveInto(place, root);
    return await programIn(place);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
