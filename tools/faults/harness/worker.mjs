import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { hold, letGo } from '../../redis/guard.mjs';
import { startProxy } from '../../redis/index.mjs';
import { Child } from './child.mjs';

/** @typedef {import('../../redis/index.mjs').TcpProxy} TcpProxy */
/** @typedef {import('../worker/failpoints.mjs').Failpoint} Failpoint */
/** @typedef {import('@oauth-token/core').TokenKey} TokenKey */
/** @typedef {import('@oauth-token/core').RefreshOutcome} RefreshOutcome */
/** @typedef {{ worker: string, kind: string, name?: string, subject?: string, at: number }} WorkerReport */

/** What a worker's processes have in common. @typedef {Omit<import('../worker/main.mjs').WorkerOptions, 'name' | 'redisUrl' | 'link' | 'journalFolder'>} WorkerSettings */

const SCRIPT = new URL('../worker/main.mjs', import.meta.url);

/** How long a process may take to end after SIGTERM, ms. */
export const SHUTDOWN_MS = 10_000;

/** One replica: a process, the next one when that has died, its links, and its journal. */
export class Worker {
  #settings;
  #onReport;
  #folder = mkdtempSync(join(tmpdir(), 'oauth-token-faults-'));
  /** @type {Child} */
  #child = /** @type {any} */ (undefined);
  #processes = 0;
  /** @type {{ name: string, subject: string, met: () => void }[]} */
  #awaited = [];
  /** What it reaches the store through. @type {TcpProxy} */
  redisLink = /** @type {any} */ (undefined);
  /** What it reaches the authorization server through. @type {TcpProxy} */
  tokenLink = /** @type {any} */ (undefined);

  /**
   * @param {string} slot
   * @param {WorkerSettings} settings
   * @param {(report: WorkerReport) => void} onReport
   */
  constructor(slot, settings, onReport) {
    this.slot = slot;
    this.#settings = settings;
    this.#onReport = onReport;
  }

  /** Of the process that runs now, or ran last. */
  get name() {
    return `${this.slot}#${this.#processes}`;
  }

  get pid() {
    return this.#child.pid;
  }

  /** @param {{ redis: { host?: string, port: number, url?: string }, tokenPort: number }} servers */
  async start({ redis, tokenPort }) {
    hold({ folder: this.#folder });
    this.redisLink = await startProxy(redis);
    this.tokenLink = await startProxy({ port: tokenPort });
    await this.restart();
  }

  /** Starts its next process. */
  async restart() {
    this.#processes += 1;
    const { name } = this;
    const child = new Child(SCRIPT, (report) => this.#hear({ worker: name, ...report }));
    this.#child = child;
    hold({ folder: this.#folder, pid: child.pid });
    await child.call('start', {
      ...this.#settings,
      name,
      redisUrl: this.redisLink.url,
      link: `http://127.0.0.1:${this.tokenLink.port}/token`,
      journalFolder: join(this.#folder, 'journal'),
    });
  }

  /**
   * Arms a failpoint.
   *
   * @param {Failpoint} failpoint
   * @returns {Promise<{ reached: Promise<boolean> }>} `reached`: whether it was within so many milliseconds
   */
  async arm(failpoint, limitMs = 5_000) {
    /** @type {Promise<boolean>} */
    const reached = new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), limitMs);
      const met = () => {
        clearTimeout(timer);
        resolve(true);
      };
      this.#awaited.push({ name: failpoint.name, subject: failpoint.subject, met });
    });
    await this.#child.call('arm', failpoint);
    return { reached };
  }

  /** Lets everything go on that is held. @returns {Promise<void>} */
  release() {
    return this.#child.call('release');
  }

  /** Has it renew a key. A process that dies meanwhile is no failure of ours. @param {TokenKey} key @returns {Promise<RefreshOutcome | undefined>} */
  refresh(key) {
    return this.#child.call('refresh', key).catch(() => undefined);
  }

  /** Sets its wall clock forward, or back. @param {number} ms @returns {Promise<void>} */
  jump(ms) {
    return this.#child.call('jump', ms);
  }

  /** @param {NodeJS.Signals} signal */
  signal(signal) {
    this.#child.signal(signal);
  }

  /** How its process ended, once it has. */
  get ended() {
    return this.#child.ended;
  }

  async stop() {
    await this.#child?.stop();
    await this.redisLink?.stop();
    await this.tokenLink?.stop();
    await rm(this.#folder, { recursive: true, force: true });
    letGo(this.#folder);
  }

  /** @param {WorkerReport} report */
  #hear(report) {
    this.#onReport(report);
    if (report.kind !== 'reached') return;
    const index = this.#awaited.findIndex(
      ({ name, subject }) => name === report.name && subject === report.subject,
    );
    if (index !== -1) this.#awaited.splice(index, 1)[0]?.met();
  }
}
