import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

import { childEnvironment } from '../process/environment.mjs';
import { repositoryRoot } from '../process/repository-root.mjs';

/** How long a service may take to end after SIGTERM, ms. */
const GRACE_MS = 10_000;

/** A Node process of the workspace whose lines are printed with its name before them. */
export class Service {
  #child;

  /** Settles when it has ended, with its exit code, which is never 0: a service does not end by itself. @type {Promise<number>} */
  failed;

  /**
   * @param {string} label put before each of its lines
   * @param {string} script path of the script to run, from the repository's top
   * @param {Record<string, string>} environment variables to set for it
   */
  constructor(label, script, environment) {
    // A process group of its own: Ctrl-C in a terminal reaches us alone, and we stop it in good order.
    this.#child = spawn(process.execPath, [script], {
      cwd: repositoryRoot,
      detached: true,
      env: childEnvironment(environment),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        process.stdout.write(`${label} | ${line}\n`);
      });
    }
    this.failed = new Promise((resolve) => {
      this.#child.once('error', () => resolve(1));
      this.#child.once('close', (code) => resolve(code || 1));
    });
  }

  /** Asks it to end, and ends it by force when it has not within ten seconds. */
  async stop() {
    this.#child.kill('SIGTERM');
    const force = setTimeout(() => this.#child.kill('SIGKILL'), GRACE_MS);
    await this.failed;
    clearTimeout(force);
  }
}
