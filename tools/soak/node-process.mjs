import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

import { childEnvironment } from '../process/environment.mjs';
import { repositoryRoot } from '../process/repository-root.mjs';

/** How long a process may take to end after SIGTERM, ms. */
const GRACE_MS = 25_000;

/** What only a test run has in its environment. */
const OF_A_TEST_RUN = ['NODE_OPTIONS', 'NODE_ENV', 'JEST_WORKER_ID', 'REDIS_URL'];

/** A Node process of the workspace whose output is kept. */
export class NodeProcess {
  #child;

  /** Everything that it has printed. */
  output = '';

  /** Settles when it has ended, with its exit code or its signal. @type {Promise<number | string | null>} */
  ended;

  /**
   * @param {string} script path of the script to run, from the repository's top
   * @param {Record<string, string>} environment variables to set for it
   */
  constructor(script, environment) {
    const inherited = childEnvironment();
    for (const name of OF_A_TEST_RUN) Reflect.deleteProperty(inherited, name);
    this.#child = spawn(process.execPath, [script], {
      cwd: repositoryRoot,
      env: { ...inherited, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => (this.output += text));
    }
    this.ended = new Promise((resolve) => {
      this.#child.once('close', (code, signal) => resolve(signal ?? code));
    });
  }

  get pid() {
    return this.#child.pid ?? 0;
  }

  get running() {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /**
   * Waits until it has printed something.
   *
   * @param {RegExp} pattern
   * @param {number} limitMs
   * @returns {Promise<string>} the first group, or the whole match
   * @throws an Error with its output when it ends before, or does not print it in time
   */
  async printed(pattern, limitMs) {
    const deadline = performance.now() + limitMs;
    for (;;) {
      const match = pattern.exec(this.output);
      if (match !== null) return match[1] ?? match[0];
      if (!this.running || performance.now() > deadline) {
        throw new Error(`${pattern} was not printed:\n${this.output}`);
      }
      await sleep(25);
    }
  }

  /** @param {NodeJS.Signals} name */
  signal(name) {
    this.#child.kill(name);
  }

  /** Asks it to end, by force when it has not in time. @returns {Promise<number | string | null>} */
  async stop() {
    if (this.running) this.signal('SIGTERM');
    const force = setTimeout(() => this.signal('SIGKILL'), GRACE_MS);
    const code = await this.ended;
    clearTimeout(force);
    return code;
  }
}
