import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { findFreePort } from './ports.mjs';

/** @typedef {import('node:net').Socket} Socket */
/** @typedef {import('./index.mjs').TcpProxy} TcpProxy */

/** A connection through the proxy. */
class Passage {
  client;
  server;
  /** Whether bytes have vanished from it. */
  hasHole = false;
  /** Whether the request was seen whose answer is to vanish. */
  isMarked = false;
  /** What is on its way to the client. @type {Promise<void>} */
  #answers = Promise.resolve();

  /** @param {Socket} client @param {Socket} server */
  constructor(client, server) {
    this.client = client;
    this.server = server;
  }

  /** Does something with the client after what is on its way, and no sooner than in so many milliseconds. */
  afterAnswers(/** @type {number} */ delayMs, /** @type {(client: Socket) => void} */ act) {
    const at = performance.now() + delayMs;
    this.#answers = this.#answers.then(async () => {
      const rest = at - performance.now();
      if (rest > 0) await sleep(rest);
      if (!this.client.destroyed) act(this.client);
    });
  }

  reset() {
    this.client.resetAndDestroy();
    this.server.destroy();
  }
}

/** A proxy in front of one address. @implements {TcpProxy} */
class FailingProxy {
  host = '127.0.0.1';
  #target;
  #listener = createServer({ noDelay: true }, (client) => this.#accept(client));
  /** @type {Set<Passage>} */
  #passages = new Set();
  #delayMs = 0;
  #swallows = false;
  /** The answer that is to vanish: to what, and whom to tell. @type {{ to: string, done: () => void } | undefined} */
  #drop;

  /** @param {number} port @param {{ host?: string, port: number, url?: string }} target */
  constructor(port, target) {
    this.port = port;
    this.#target = target;
  }

  get url() {
    const url = new URL(this.#target.url ?? 'redis://127.0.0.1');
    url.hostname = this.host;
    url.port = String(this.port);
    return url.href;
  }

  get connections() {
    return this.#passages.size;
  }

  async cut() {
    if (!this.#listener.listening) return;
    const closed = new Promise((resolve) => this.#listener.close(resolve));
    for (const passage of this.#passages) passage.reset();
    await closed;
  }

  /** @returns {Promise<void>} */
  restore() {
    if (this.#listener.listening) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#listener.once('error', reject);
      this.#listener.listen({ port: this.port, host: this.host, exclusive: true }, () => {
        this.#listener.off('error', reject);
        resolve();
      });
    });
  }

  /** @param {number} milliseconds */
  delay(milliseconds) {
    this.#delayMs = milliseconds;
  }

  /** @param {boolean} on */
  swallow(on) {
    this.#swallows = on;
    if (on) return;
    for (const passage of this.#passages) if (passage.hasHole) passage.reset();
  }

  /** @returns {Promise<void>} */
  dropNextReply(to = '') {
    return new Promise((resolve) => {
      this.#drop = { to, done: resolve };
    });
  }

  stop() {
    return this.cut();
  }

  /** @param {Socket} client */
  #accept(client) {
    const { host = '127.0.0.1', port } = this.#target;
    const server = connect({ host, port, noDelay: true });
    const passage = new Passage(client, server);
    this.#passages.add(passage);
    client.on('data', (bytes) => this.#request(passage, bytes));
    server.on('data', (bytes) => this.#answer(passage, bytes));
    // What a client sent before it went still arrives.
    client.on('error', () => undefined).on('close', () => server.end());
    server
      .on('error', () => undefined)
      .on('close', () => {
        this.#passages.delete(passage);
        passage.afterAnswers(this.#delayMs, () => client.destroy());
      });
  }

  /** @param {Passage} passage @param {Buffer} bytes */
  #request(passage, bytes) {
    if (this.#swallows) {
      passage.hasHole = true;
      return;
    }
    if (this.#drop !== undefined && bytes.includes(this.#drop.to)) passage.isMarked = true;
    passage.server.write(bytes);
  }

  /** @param {Passage} passage @param {Buffer} bytes */
  #answer(passage, bytes) {
    if (this.#swallows) {
      passage.hasHole = true;
    } else if (this.#drop !== undefined && (this.#drop.to === '' || passage.isMarked)) {
      const { done } = this.#drop;
      this.#drop = undefined;
      for (const each of this.#passages) each.isMarked = false;
      passage.reset();
      done();
    } else {
      passage.afterAnswers(this.#delayMs, (client) => client.write(bytes));
    }
  }
}

/** Starts a proxy in front of something that listens. @type {typeof import('./index.mjs').startProxy} */
export async function startProxy(target) {
  const proxy = new FailingProxy(await findFreePort(), target);
  await proxy.restore();
  return proxy;
}
