import { fork } from 'node:child_process';

import { childEnvironment } from '../../process/environment.mjs';

/** @typedef {import('./calls.mjs').Answer} Answer */

/** What only a test run has in its environment. */
const OF_A_TEST_RUN = ['NODE_OPTIONS', 'NODE_ENV', 'JEST_WORKER_ID', 'REDIS_URL'];

/** @returns {NodeJS.ProcessEnv} */
function plainEnvironment() {
  const environment = childEnvironment();
  for (const name of OF_A_TEST_RUN) Reflect.deleteProperty(environment, name);
  return environment;
}

/** A process of ours that answers calls and may report by itself. */
export class Child {
  #child;
  /** @type {Map<number, { resolve: (value: any) => void, reject: (error: Error) => void }>} */
  #waiting = new Map();
  #calls = 0;

  /** Settles when it has ended, with its exit code or its signal. @type {Promise<number | string | null>} */
  ended;

  /**
   * @param {URL} script
   * @param {(report: any) => void} [onReport] is told what it sends that answers no call
   */
  constructor(script, onReport = () => undefined) {
    this.#child = fork(script, [], {
      env: plainEnvironment(),
      execArgv: [],
      serialization: 'advanced',
    });
    this.#child.on('message', (message) => {
      if (message !== null && typeof message === 'object' && 'report' in message) {
        onReport(message.report);
      } else this.#settle(/** @type {Answer} */ (message));
    });
    // Sending to a process that has just died fails here; its end is told below.
    this.#child.on('error', () => undefined);
    this.ended = new Promise((resolve) => {
      this.#child.once('exit', (code, signal) => resolve(signal ?? code));
    });
    void this.ended.then((end) => {
      for (const { reject } of this.#waiting.values()) {
        reject(new Error(`${script.pathname} has ended (${String(end)}).`));
      }
      this.#waiting.clear();
    });
  }

  get pid() {
    return this.#child.pid ?? 0;
  }

  get running() {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** @param {string} name @param {unknown} [argument] @returns {Promise<any>} */
  call(name, argument) {
    const id = ++this.#calls;
    return new Promise((resolve, reject) => {
      if (!this.running || !this.#child.connected) {
        reject(new Error(`${name} was asked of a process that has ended.`));
        return;
      }
      this.#waiting.set(id, { resolve, reject });
      this.#child.send({ id, name, argument });
    });
  }

  /** @param {NodeJS.Signals} name */
  signal(name) {
    this.#child.kill(name);
  }

  /** Ends it, whatever it is at. */
  async stop() {
    if (this.running) this.signal('SIGKILL');
    await this.ended;
  }

  /** @param {Answer} answer */
  #settle({ id, value, error }) {
    const call = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) call?.resolve(value);
    else call?.reject(new Error(error));
  }
}
