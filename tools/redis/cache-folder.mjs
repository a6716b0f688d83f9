import { accessSync, constants, mkdirSync, statSync } from 'node:fs';
import { homedir, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

/** @param {string} folder @returns {boolean} whether it is there, ours, and can be written */
function isOurs(folder) {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    accessSync(folder, constants.W_OK);
    // In a folder that everybody can write to, somebody else may have been first, with programs of their own.
    return statSync(folder).uid === userInfo().uid;
  } catch {
    return false;
  }
}

/**
 * The folder that keeps what was downloaded: in `XDG_CACHE_HOME` or `~/.cache`, else in the system's folder for
 * temporary files. It is made when it is not there.
 *
 * @param {NodeJS.ProcessEnv} environment
 * @returns {string}
 * @throws an Error when neither can be written
 */
export function cacheFolder(environment) {
  const lasting = environment['XDG_CACHE_HOME'] || join(environment['HOME'] || homedir(), '.cache');
  const candidates = [
    join(lasting, 'oauth-token'),
    join(tmpdir(), `oauth-token-${userInfo().uid}`),
  ];
  const folder = candidates.find(isOurs);
  if (folder === undefined) throw new Error(`cannot write to ${candidates.join(' or ')}`);
  return folder;
}
