import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync } from 'node:fs';
import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { dockerBind, dockerRun, dockerSignal } from './docker.mjs';
import { hold, letGo } from './guard.mjs';
import { writeRedisConfig } from './redis-config.mjs';
import { RedisReplyError, sendCommand } from './resp.mjs';
import { until } from './until.mjs';

/** @typedef {import('./index.mjs').RedisProgram} RedisProgram */
/** @typedef {import('./index.mjs').RedisOptions} RedisOptions */
/** @typedef {import('./index.mjs').RedisProcess} RedisProcess */
/** @typedef {import('node:child_process').ChildProcess} ChildProcess */

const START_MS = 20_000;
/** How long one look whether it answers may take, ms: who else has the port may not answer at all. */
const ASK_MS = 500;
const END_MS = 15_000;

/** Signals after which a server goes on. @type {readonly string[]} */
const SURVIVED = ['SIGSTOP', 'SIGCONT', 'SIGUSR1', 'SIGUSR2', 'SIGHUP'];

/** A server that was started and stopped here. @implements {RedisProcess} */
export class RedisServer {
  host = '127.0.0.1';
  #program;
  #options;
  /** Holds its configuration and its log, and its data where nobody gave a folder. */
  #folder = mkdtempSync(join(tmpdir(), 'oauth-token-redis-'));
  /** @type {ChildProcess | undefined} */
  #child;
  /** @type {Promise<unknown>} */
  #ended = Promise.resolve();
  #starts = 0;

  /** @param {RedisProgram} program @param {number} port @param {RedisOptions} options */
  constructor(program, port, options) {
    hold({ folder: this.#folder });
    this.#program = program;
    this.#options = options;
    this.port = port;
    this.dir = options.dir ?? join(this.#folder, 'data');
    mkdirSync(this.dir, { recursive: true });
    const bind = program.image === undefined ? this.host : dockerBind;
    const fixed = { port, bind, dir: this.dir, sentinel: options.sentinel === true };
    writeFileSync(this.#file('redis.conf'), writeRedisConfig(fixed, options.config ?? {}), {
      mode: 0o600,
    });
  }

  get pid() {
    return this.#child?.pid ?? 0;
  }

  get running() {
    return this.#child?.exitCode === null && this.#child.signalCode === null;
  }

  get url() {
    const password = this.#password;
    const credentials = password === undefined ? '' : `:${encodeURIComponent(password)}@`;
    return `redis://${credentials}${this.host}:${this.port}`;
  }

  output() {
    return existsSync(this.#file('log')) ? readFileSync(this.#file('log'), 'utf8') : '';
  }

  /** @param {(string | number)[]} command */
  cli(...command) {
    return sendCommand(this.#target, command);
  }

  /** Starts it and waits until it answers. */
  async start() {
    this.#spawn();
    try {
      await until('a Redis server that answers', () => this.#answers(), START_MS);
    } catch (error) {
      throw new Error(`The Redis server did not start:\n${this.output()}`, { cause: error });
    }
    if (!this.running) throw new Error(`The Redis server ended at once:\n${this.output()}`);
  }

  async restart() {
    if (this.running) await this.kill();
    await this.start();
  }

  /** @param {NodeJS.Signals} [signal] */
  async kill(signal = 'SIGKILL') {
    if (!this.running) return;
    await this.#signal(signal);
    if (SURVIVED.includes(signal)) return;
    let late = false;
    const limit = setTimeout(() => (late = this.#child?.kill('SIGKILL') ?? false), END_MS);
    await this.#ended;
    clearTimeout(limit);
    if (late) throw new Error(`The Redis server did not end after ${signal}:\n${this.output()}`);
  }

  freeze() {
    return this.#signal('SIGSTOP');
  }

  thaw() {
    return this.#signal('SIGCONT');
  }

  async stop() {
    // What it keeps in a folder of ours goes away with it, so nothing is worth waiting for.
    const inOrder = this.#options.dir !== undefined;
    if (inOrder && this.running) await this.thaw();
    await this.kill(inOrder ? 'SIGTERM' : 'SIGKILL');
    rmSync(this.#folder, { recursive: true, force: true });
    letGo(this.#folder);
  }

  get #password() {
    const password = this.#options.config?.['requirepass'];
    return password === undefined ? undefined : String(password);
  }

  get #target() {
    const password = this.#password;
    const { host, port } = this;
    return password === undefined ? { host, port } : { host, port, password };
  }

  get #container() {
    return `${this.#folder.split('/').at(-1)}-${this.#starts}`;
  }

  /** @param {string} name */
  #file(name) {
    return join(this.#folder, name);
  }

  #command() {
    const { server, image } = this.#program;
    const args = [this.#file('redis.conf'), ...(this.#options.sentinel ? ['--sentinel'] : [])];
    if (image === undefined) return { server, args };
    const folders = [...new Set([this.#folder, this.dir])];
    const container = this.#container;
    return {
      server,
      args: [...dockerRun(image, { container, port: this.port, folders }), ...args],
    };
  }

  #spawn() {
    this.#starts++;
    const { server, args } = this.#command();
    const log = openSync(this.#file('log'), 'a');
    // Away from our process group: Ctrl-C is for us to hear, and we stop it.
    const child = spawn(server, args, {
      detached: true,
      env: { ...process.env, ...this.#program.env },
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    child.unref();
    this.#child = child;
    this.#ended = new Promise((resolve) => child.once('error', resolve).once('exit', resolve));
    const container = this.#program.image === undefined ? undefined : this.#container;
    hold({ folder: this.#folder, pid: child.pid, container });
    void this.#ended.then(() => {
      if (this.#child === child) hold({ folder: this.#folder });
    });
  }

  /** @returns {Promise<boolean>} whether there is no more to wait for */
  async #answers() {
    if (!this.running) return true;
    try {
      const ask = { timeoutMs: ASK_MS };
      await sendCommand(this.#target, ['PING'], ask);
      const info = String(await sendCommand(this.#target, ['INFO', 'server'], ask));
      // Somebody else's server may have been faster on this port.
      return info.includes(this.#folder);
    } catch (error) {
      // It is there, and has been told not to talk to just anybody.
      return error instanceof RedisReplyError && /^(NOAUTH|NOPERM|WRONGPASS)/.test(error.message);
    }
  }

  /** @param {NodeJS.Signals} signal */
  async #signal(signal) {
    if (this.#program.image === undefined) this.#child?.kill(signal);
    else await dockerSignal(this.#program.server, this.#container, signal);
  }
}
