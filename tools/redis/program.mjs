import { execFile } from 'node:child_process';
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

/** @typedef {import('./index.mjs').RedisProgram} RedisProgram */

/**
 * @typedef {object} RunResult
 * @property {boolean} ok
 * @property {string} output stdout, and where it failed stderr too
 */

/**
 * Runs a program to its end, with stdin closed.
 *
 * @param {string} file
 * @param {readonly string[]} args
 * @param {{ env?: NodeJS.ProcessEnv, cwd?: string, timeoutMs?: number }} [options]
 * @returns {Promise<RunResult>}
 */
export function run(file, args, { env, cwd, timeoutMs = 10_000 } = {}) {
  const options = { env: { ...process.env, ...env }, cwd, timeout: timeoutMs, maxBuffer: 2 ** 26 };
  return new Promise((resolve) => {
    const child = execFile(file, args, options, (error, stdout, stderr) => {
      if (error === null) return resolve({ ok: true, output: stdout });
      const late = error.killed ? `took longer than ${timeoutMs / 1000} s` : '';
      resolve({ ok: false, output: late || `${stdout}${stderr}`.trim() || error.message });
    });
    child.stdin?.end();
  });
}

/** @param {string} path @returns {boolean} */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/**
 * Looks a program up as a shell does.
 *
 * @param {string} name
 * @param {string | undefined} path the value of PATH
 * @returns {string | undefined} its full path
 */
export function lookUp(name, path) {
  const folders = (path ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

/**
 * Looks whether a file is a Redis server that runs here.
 *
 * @param {string} server
 * @param {{ env?: Record<string, string>, from: string }} origin what it needs in its environment, and where it is from
 * @returns {Promise<RedisProgram | string>} or what is wrong with it
 */
export async function readProgram(server, { env = {}, from }) {
  const { ok, output } = await run(server, ['--version'], { env });
  if (!ok) return `${server} does not run: ${output}`;
  const version = /server v=(\S+)/.exec(output)?.[1];
  if (version === undefined) return `${server} is no Redis server.`;
  const cli = ['redis-cli', 'valkey-cli']
    .map((name) => join(dirname(server), name))
    .find((path) => existsSync(path));
  return { server, ...(cli === undefined ? {} : { cli }), env, from, version };
}
