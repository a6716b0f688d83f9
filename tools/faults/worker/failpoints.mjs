import { setTimeout as sleep } from 'node:timers/promises';

/**
 * The places in a renewal at which a worker can be met.
 *
 * @typedef {'before-begin' | 'after-begin' | 'before-send' | 'after-send' | 'after-response' | 'after-spill' | 'before-commit'
 *   | 'after-commit' | 'before-confirm'} FailpointName
 */

/**
 * What happens when a place is reached, once. `kill` and `stop` are signals to itself (the rig continues it), `hold` lasts until
 * the rig says so, `block` keeps the event loop busy; `tell` only reports.
 *
 * @typedef {object} Failpoint
 * @property {FailpointName} name
 * @property {string} subject of the key that it waits for
 * @property {'tell' | 'kill' | 'stop' | 'hold' | 'delay' | 'block'} action
 * @property {number} [ms] of `delay` and `block`
 */

/** @typedef {(report: Record<string, unknown>, sent?: () => void) => void} Report */

/** @param {number} ms */
function block(ms) {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

/** The armed failpoints of a worker. Each reports that it was reached before it acts. */
export class Failpoints {
  #report;
  /** @type {Failpoint[]} */
  #armed = [];
  /** @type {(() => void)[]} */
  #held = [];

  /** @param {Report} report */
  constructor(report) {
    this.#report = report;
  }

  /** @param {Failpoint} failpoint */
  arm(failpoint) {
    this.#armed.push(failpoint);
  }

  /** Lets everything go on that is held. */
  release() {
    for (const go of this.#held.splice(0)) go();
  }

  /** At a place where a renewal can wait. @param {FailpointName} name @param {string} subject */
  async reach(name, subject) {
    const failpoint = this.#take(name, subject);
    if (failpoint === undefined) return;
    if (failpoint.action === 'hold') {
      /** @type {Promise<void>} */
      const released = new Promise((resolve) => this.#held.push(resolve));
      this.#tell(failpoint);
      await released;
    } else if (failpoint.action === 'delay') {
      this.#tell(failpoint);
      await sleep(failpoint.ms ?? 0);
    } else this.#act(failpoint);
  }

  /** At a place where nothing may come between: it acts before it returns. @param {FailpointName} name @param {string} subject */
  reachNow(name, subject) {
    const failpoint = this.#take(name, subject);
    if (failpoint !== undefined) this.#act(failpoint);
  }

  /** @param {FailpointName} name @param {string} subject */
  #take(name, subject) {
    const index = this.#armed.findIndex((each) => each.name === name && each.subject === subject);
    return index === -1 ? undefined : this.#armed.splice(index, 1)[0];
  }

  /** @param {Failpoint} failpoint */
  #act(failpoint) {
    // Written to the pipe at once, so that the rig hears of it whatever comes now.
    this.#tell(failpoint);
    if (failpoint.action === 'kill') process.kill(process.pid, 'SIGKILL');
    if (failpoint.action === 'stop') process.kill(process.pid, 'SIGSTOP');
    if (failpoint.action === 'block') block(failpoint.ms ?? 0);
  }

  /** @param {Failpoint} failpoint */
  #tell({ name, subject, action }) {
    this.#report({ kind: 'reached', name, subject, action, at: Date.now() });
  }
}
