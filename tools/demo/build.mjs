import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { repositoryRoot } from '../process/repository-root.mjs';
import { runCommand } from '../process/run-command.mjs';

/** Says whose turn it is to build: two builds at once would write the same files while services are started from them. */
const LOCK = join(repositoryRoot, 'node_modules', '.cache', 'oauth-token', 'demo-build.lock');

const COMMAND = [
  'nx',
  'run-many',
  '-t',
  'build',
  '-p',
  '@oauth-token/sandbox,@oauth-token/demo',
  '--outputStyle=static',
];

/** @returns {boolean} whether the lock is ours now */
function tryLock() {
  try {
    writeFileSync(LOCK, String(process.pid), { flag: 'wx' });
    return true;
  } catch {
    return false;
  }
}

/** Takes away the lock of a process that has ended without doing so. */
function dropStaleLock() {
  try {
    process.kill(Number(readFileSync(LOCK, 'utf8')), 0);
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ESRCH')
      rmSync(LOCK, { force: true });
  }
}

/**
 * Builds the sandbox and the demo, one process after another; a build without changes takes a second.
 *
 * @returns {Promise<import('../process/run-command.mjs').CommandResult>}
 */
export async function buildDemo() {
  mkdirSync(join(LOCK, '..'), { recursive: true });
  while (!tryLock()) {
    dropStaleLock();
    await sleep(100);
  }
  try {
    return await runCommand(COMMAND);
  } finally {
    rmSync(LOCK, { force: true });
  }
}
