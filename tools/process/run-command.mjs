import { spawn } from 'node:child_process';

import { childEnvironment } from './environment.mjs';
import { repositoryRoot } from './repository-root.mjs';

/**
 * @typedef {object} CommandResult
 * @property {boolean} ok it ended by itself with code 0
 * @property {string} output what it wrote to stdout and stderr, in order
 * @property {string} stdout what it wrote to stdout alone
 * @property {number} milliseconds how long it took
 */

const GRACE_MS = 5_000;

/** Every process group that is running now. @type {Set<number>} */
const running = new Set();

/** @param {number | undefined} group @param {NodeJS.Signals} signal */
function signalGroup(group, signal) {
  try {
    if (group !== undefined) process.kill(-group, signal);
  } catch {
    // The group has ended by itself.
  }
}

/** @param {NodeJS.Signals} signal */
function endWith(signal) {
  for (const group of running) signalGroup(group, 'SIGTERM');
  process.exit(signal === 'SIGINT' ? 130 : 143);
}

/** A signal that ends us ends what we run; where nothing runs, signals are the script's own matter. */
function heedSignals() {
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
    process.off(signal, endWith);
    if (running.size > 0) process.on(signal, endWith);
  }
}

/**
 * Runs a command to its end, silently and with stdin closed. It has a process group of its own, so that nothing it
 * started outlives its time limit.
 *
 * @param {readonly string[]} command the program and its arguments
 * @param {{ cwd?: string, timeoutMs?: number }} [options]
 * @returns {Promise<CommandResult>}
 */
export function runCommand(command, { cwd = repositoryRoot, timeoutMs = 600_000 } = {}) {
  const [program = '', ...rest] = command;
  const start = performance.now();
  return new Promise((resolve) => {
    const child = spawn(program, rest, {
      cwd,
      detached: true,
      env: childEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    if (child.pid !== undefined) running.add(child.pid);
    heedSignals();
    let output = '';
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      output += text;
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => (output += text));

    const limit = setTimeout(() => {
      output += `\nstopped: it took longer than ${timeoutMs / 1000} s\n`;
      signalGroup(child.pid, 'SIGTERM');
      setTimeout(() => signalGroup(child.pid, 'SIGKILL'), GRACE_MS).unref();
    }, timeoutMs);
    const end = (/** @type {boolean} */ ok) => {
      clearTimeout(limit);
      if (child.pid !== undefined) running.delete(child.pid);
      heedSignals();
      resolve({ ok, output, stdout, milliseconds: performance.now() - start });
    };
    child.on('error', (error) => {
      output += error.message;
      end(false);
    });
    child.on('close', (code) => end(code === 0));
  });
}

/**
 * Runs a command that has to succeed.
 *
 * @param {readonly string[]} command
 * @param {{ cwd?: string, timeoutMs?: number }} [options]
 * @returns {Promise<CommandResult>}
 * @throws an Error with the whole output when it fails
 */
export async function mustRun(command, options) {
  const result = await runCommand(command, options);
  if (!result.ok) throw new Error(`${command.join(' ')} failed:\n${result.output}`);
  return result;
}
