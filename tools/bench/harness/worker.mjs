import { fork } from 'node:child_process';

/** @typedef {{ id: number, name: string, argument: unknown }} Call */
/** @typedef {{ id: number, value?: unknown, error?: string }} Answer */

/** A process of a benchmark that answers calls; it ends with us at the latest. */
export class Worker {
  #child;
  /** @type {Map<number, { resolve: (value: any) => void, reject: (error: Error) => void }>} */
  #waiting = new Map();
  #calls = 0;
  #ended;

  /** @param {URL} script */
  constructor(script) {
    this.#child = fork(script, [], { serialization: 'advanced' });
    this.#child.on('message', (answer) => this.#settle(/** @type {Answer} */ (answer)));
    this.#ended = new Promise((resolve) => this.#child.once('exit', resolve));
    void this.#ended.then((code) => {
      for (const { reject } of this.#waiting.values()) {
        reject(new Error(`${script.pathname} has ended with ${String(code)}.`));
      }
    });
  }

  /** @param {string} name @param {unknown} [argument] @returns {Promise<any>} */
  call(name, argument) {
    const id = ++this.#calls;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#child.send(/** @type {Call} */ ({ id, name, argument }));
    });
  }

  async stop() {
    if (this.#child.connected) this.#child.disconnect();
    await this.#ended;
  }

  /** @param {Answer} answer */
  #settle({ id, value, error }) {
    const call = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) call?.resolve(value);
    else call?.reject(new Error(error));
  }
}

/**
 * The other end, in the worker: answers calls by name until the bench goes away.
 *
 * @param {Readonly<Record<string, (argument: any) => unknown>>} handlers
 */
export function answerCalls(handlers) {
  process.on('disconnect', () => process.exit(0));
  process.on('message', async (/** @type {Call} */ { id, name, argument }) => {
    try {
      process.send?.({ id, value: await handlers[name]?.(argument) });
    } catch (error) {
      process.send?.({ id, error: error instanceof Error ? (error.stack ?? '') : String(error) });
    }
  });
}
