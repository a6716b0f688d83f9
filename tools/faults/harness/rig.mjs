import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { startProxy } from '../../redis/index.mjs';
import { Child } from './child.mjs';
import { Doubler } from './doubler.mjs';
import { KeptTokens } from './kept-tokens.mjs';
import { KeyView } from './key-view.mjs';
import { SHUTDOWN_MS, Worker } from './worker.mjs';

/** @typedef {import('@oauth-token/core').TokenKey} TokenKey */
/** @typedef {import('../server/families.mjs').LedgerEntry} LedgerEntry */
/** @typedef {import('../server/main.mjs').ServerFault} ServerFault */
/** @typedef {import('./redis-setting.mjs').RedisSetting} RedisSetting */

/** The lifetime that planted tokens have, ms: it gives the shortest lease and takeover delay that there are. */
const LIFETIME_MS = 8_000;

/** How the timing of the library follows from that, ms. */
export const LEASE_MS = 3_000;
export const TIMEOUT_MS = 2_250;

/** From the begin of a renewal until another process may use its refresh token, ms. @param {number} graceMs */
export const takeoverMs = (graceMs) => LEASE_MS + (graceMs > 0 ? 0.1 * graceMs : LIFETIME_MS / 4);

/**
 * @typedef {object} RigOptions
 * @property {string} name
 * @property {RedisSetting} redis
 * @property {number} victims workers that only renew what they are told to
 * @property {number} keepers workers that renew what falls due
 * @property {number} graceMs
 */

/** Workers over one store and one authorization server, with everything between them that can fail. */
export class Rig {
  #options;
  #tokenKeys = `rig:${randomBytes(32).toString('base64')}`;
  #server = new Child(new URL('../server/main.mjs', import.meta.url));
  /** @type {KeyView} */
  #view = /** @type {any} */ (undefined);
  #subjects = 0;
  /** @type {(() => unknown)[]} */
  #closers = [];

  /** @type {Doubler} */
  doubler = /** @type {any} */ (undefined);
  /** @type {Worker[]} */
  victims = [];
  /** @type {Worker[]} */
  keepers = [];
  /** What was kept for the keys that have come to rest. @type {KeptTokens} */
  kept = /** @type {any} */ (undefined);
  /** What the judge needs besides ledger and records. */
  facts = {
    /** @type {{ worker: string, at: number }[]} */
    kills: [],
    /** @type {{ worker: string, subject: string, at: number }[]} */
    kept: [],
    /** @type {{ worker: string, from: number, to: number }[]} */
    stops: [],
    /** @type {{ worker: string, from: number, to: number }[]} */
    outages: [],
    /** @type {{ subject: string, name: string, at: number, worker: string, code?: string }[]} */
    events: [],
  };
  /** What went wrong that is no refresh token's. @type {string[]} */
  problems = [];

  /** @param {RigOptions} options */
  constructor(options) {
    this.#options = options;
  }

  /** @param {RigOptions} options @returns {Promise<Rig>} */
  static async start(options) {
    const rig = new Rig(options);
    try {
      await rig.#start();
      return rig;
    } catch (error) {
      await rig.stop();
      throw error;
    }
  }

  get name() {
    return this.#options.name;
  }

  get graceMs() {
    return this.#options.graceMs;
  }

  get redis() {
    return this.#options.redis;
  }

  get workers() {
    return [...this.victims, ...this.keepers];
  }

  /**
   * Logs a subject in and stores its tokens.
   *
   * @param {'plain' | 'login'} registrationId whether it can log in by itself again
   * @returns {Promise<Required<Pick<TokenKey, 'registrationId' | 'subject'>>>}
   */
  async plant(registrationId) {
    const subject = `${this.name}${(this.#subjects += 1)}`;
    const key = { registrationId, subject };
    const refreshToken = await this.#server.call('login', subject);
    await this.#view.plant(key, refreshToken, LIFETIME_MS);
    return key;
  }

  /** @param {string} subject @param {ServerFault} fault what becomes of its next token request */
  async plan(subject, fault) {
    await this.#server.call('plan', { subject, fault });
  }

  /** @param {string} [subject] @returns {Promise<LedgerEntry[]>} */
  ledger(subject) {
    return this.#server.call('ledger', subject);
  }

  /**
   * Waits until nobody is at a key any more, then has it renewed once more: that shows whether its refresh token lives.
   *
   * @param {TokenKey} key
   * @returns {Promise<boolean>} whether it came to rest: renewed again, or given up
   */
  async settle(key, limitMs = 40_000) {
    const deadline = performance.now() + limitMs;
    for (;;) {
      const state = await this.#view.stateOf(key).catch(() => undefined);
      if (state?.status === 'reauthorizationRequired') return true;
      // A record that was put back rests for longer than anybody here wants to wait.
      if ((state?.restUntil ?? 0) > Date.now()) return true;
      if (state !== undefined && state.intent === undefined && state.version > 1) {
        const keeper = this.keepers[this.#subjects % this.keepers.length];
        const result = await keeper?.refresh(key);
        if (['refreshed', 'reauthorizationRequired'].includes(result?.outcome ?? '')) return true;
      }
      if (performance.now() > deadline) return false;
      await sleep(150);
    }
  }

  /** Notes that a process ends by force now, and starts the next one. @param {Worker} worker */
  async replaceKilled(worker) {
    await worker.ended;
    this.facts.kills.push({ worker: worker.name, at: Date.now() });
    await worker.restart();
  }

  /** Asks a process to end in order, and starts the next one. @param {Worker} worker */
  async replaceTerminated(worker) {
    const { name } = worker;
    const start = performance.now();
    worker.signal('SIGTERM');
    const late = setTimeout(() => worker.signal('SIGKILL'), 2 * SHUTDOWN_MS);
    const end = await worker.ended;
    clearTimeout(late);
    const milliseconds = Math.round(performance.now() - start);
    if (end !== 0 || milliseconds > SHUTDOWN_MS) {
      this.problems.push(`${name} ended with ${end} ${milliseconds} ms after SIGTERM`);
    }
    this.facts.kills.push({ worker: name, at: Date.now() });
    await worker.restart();
  }

  /** Lets a process that has stopped itself stand still for a while. @param {Worker} worker @param {number} ms */
  async continueAfter(worker, ms) {
    const from = Date.now();
    await sleep(ms);
    worker.signal('SIGCONT');
    this.facts.stops.push({ worker: worker.name, from, to: Date.now() });
  }

  /** What became of it all, for the judge. @returns {Promise<import('../judge.mjs').History>} */
  async history() {
    const { graceMs } = this;
    const times = { graceMs, timeoutMs: TIMEOUT_MS, takeoverMs: takeoverMs(graceMs) };
    const ledger = await this.ledger();
    return { ledger, records: this.kept.records, journals: [], ...this.facts, ...times };
  }

  async stop() {
    for (const close of this.#closers.splice(0).reverse()) await close();
  }

  async #start() {
    const { redis, victims, keepers, graceMs } = this.#options;
    this.#closers.push(
      () => redis.stop(),
      () => this.#server.stop(),
    );
    const port = await this.#server.call('listen', { graceMs });
    this.doubler = new Doubler(port);
    const tokenPort = await this.doubler.start();
    this.#closers.push(() => this.doubler.stop());
    const link = await startProxy(redis.target);
    this.#closers.push(() => link.stop());
    this.#view = new KeyView(link.url, this.#tokenKeys);
    this.#closers.push(() => this.#view.close());
    this.kept = new KeptTokens(this.#view, () => this.ledger());
    const settings = {
      tokenUrl: `http://127.0.0.1:${tokenPort}/token`,
      lockUrls: redis.lockUrls,
      tokenKeys: this.#tokenKeys,
      graceMs,
    };
    /** @param {string} slot @param {boolean} sweeps */
    const begin = async (slot, sweeps) => {
      const worker = new Worker(slot, { ...settings, sweeps }, (report) => this.#hear(report));
      this.#closers.push(() => worker.stop());
      await worker.start({ redis: redis.target, tokenPort });
      return worker;
    };
    const numbers = (/** @type {number} */ count) =>
      Array.from({ length: count }, (_, index) => index);
    this.victims = await Promise.all(numbers(victims).map((each) => begin(`v${each}`, false)));
    this.keepers = await Promise.all(numbers(keepers).map((each) => begin(`k${each}`, true)));
  }

  /** @param {any} report of a worker */
  #hear({ kind, ...rest }) {
    if (kind === 'kept') this.facts.kept.push(rest);
    if (kind === 'event') this.facts.events.push(rest);
  }
}
