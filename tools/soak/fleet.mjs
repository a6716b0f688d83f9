import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { startProxy, startRedis } from '../redis/index.mjs';
import { killBetween } from './kill-between.mjs';
import { NodeProcess } from './node-process.mjs';
import { connectView, viewStore } from './store-view.mjs';

/** @typedef {import('./judge.mjs').LedgerItem} LedgerItem */
/** @typedef {import('./judge.mjs').CallRecord} CallRecord */
/** @typedef {'2ba' | 'veeam' | 'empowerid' | 'oidc'} Dialect */
/** @typedef {{ registrationId: string, dialect: Dialect }} FleetRegistration */

/**
 * @typedef {object} Replica
 * @property {NodeProcess} process
 * @property {string} url of its HTTP
 * @property {import('../redis/index.mjs').TcpProxy} link what it reaches the store through
 */

/**
 * @typedef {object} FleetOptions
 * @property {number} replicas
 * @property {readonly FleetRegistration[]} registrations each logs in by password
 * @property {Partial<Record<Dialect, number>>} lifetimeSeconds of the access tokens
 * @property {number} [answerMs] how long the token endpoint takes
 */

const START_MS = 60_000;
const PREFIX = 'fleet';

/** What the sandbox knows, and the demo's provider for each of its dialects. */
const user = { type: 'password', username: 'demo', password: 'demo-password' };
const client = { clientId: 'demo-client', clientSecret: 'demo-secret' };
/** @type {Record<Dialect, (url: string) => object>} */
const REGISTRATIONS = {
  '2ba': (url) => ({
    ...client,
    provider: 'twoBa',
    providerOptions: { authority: `${url}/2ba` },
    grant: user,
  }),
  veeam: (url) => ({
    provider: 'veeamAhv',
    providerOptions: { baseUrl: `${url}/veeam` },
    grant: { ...user, username: 'administrator', password: 'Password1' },
  }),
  empowerid: (url) => ({
    ...client,
    provider: 'empowerId',
    providerOptions: { baseUrl: `${url}/empowerid` },
    grant: { ...user, username: 'demo@example.com' },
  }),
  oidc: (url) => ({
    ...client,
    provider: 'oidc',
    providerOptions: { tokenEndpoint: `${url}/oidc/token` },
    grant: user,
  }),
};

/**
 * Sends JSON and reads JSON.
 *
 * @param {string} method
 * @param {string} url
 * @param {unknown} [body]
 * @returns {Promise<{ status: number, body: any }>}
 */
export async function request(method, url, body) {
  const answer = await fetch(url, {
    method,
    headers: { 'content-type': 'application/json' },
    signal: AbortSignal.timeout(15_000),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, body: text === '' ? undefined : JSON.parse(text) };
}

/** Several demos over one Redis and one sandbox that detects the reuse of refresh tokens. The demo has to be built. */
export class Fleet {
  /** @type {(() => Promise<unknown>)[]} */
  #closers = [];
  #keys = `k1:${randomBytes(32).toString('base64')}`;
  #registrationsFile = '';
  /** @type {import('./store-view.mjs').Client} */
  #view = /** @type {any} */ (undefined);
  /** @type {Replica[]} */
  replicas = [];
  sandboxUrl = '';
  /** @type {import('../redis/index.mjs').RedisProcess} */
  redis = /** @type {any} */ (undefined);
  registrations;

  /** @param {FleetOptions} options */
  constructor(options) {
    this.registrations = options.registrations;
  }

  /** @param {FleetOptions} options @returns {Promise<Fleet>} */
  static async start(options) {
    const fleet = new Fleet(options);
    try {
      await fleet.#startServers(options);
      fleet.replicas = await Promise.all(
        Array.from({ length: options.replicas }, () => fleet.#startReplica()),
      );
      return fleet;
    } catch (error) {
      await fleet.stop();
      throw error;
    }
  }

  /** What a store of the same fleet in another process needs. */
  get store() {
    return { url: this.redis.url, tokenKeys: this.#keys, prefix: PREFIX };
  }

  /** Every token request so far. @returns {Promise<LedgerItem[]>} */
  async ledger() {
    return (await request('GET', `${this.sandboxUrl}/_sandbox/ledger`)).body.items;
  }

  view() {
    return viewStore(this.#view, PREFIX);
  }

  /** Kills a replica between two of its renewals. @param {Replica} replica */
  kill(replica) {
    return killBetween(replica, () => this.view());
  }

  /**
   * Has a replica make a call with a registration's token.
   *
   * @param {Replica} replica
   * @param {FleetRegistration} registration
   * @param {string} [subject]
   * @returns {Promise<CallRecord & { code?: string, tokenFingerprint?: string }>}
   */
  async call(replica, { registrationId, dialect }, subject) {
    const [at, start] = [Date.now(), performance.now()];
    const url = `${this.sandboxUrl}/${dialect}/api/ping`;
    const asked = { registrationId, url, ...(subject === undefined ? {} : { subject }) };
    const { status, body } = await request('POST', `${replica.url}/call`, asked).catch(() => ({
      status: 0,
      body: undefined,
    }));
    return {
      at,
      registrationId,
      status,
      apiStatus: body?.status,
      attempts: body?.attempts,
      milliseconds: performance.now() - start,
      code: body?.code,
      tokenFingerprint: body?.body?.tokenFingerprint,
    };
  }

  /** What the replicas have printed. */
  output() {
    return this.replicas.map(({ process: child }) => child.output).join('\n');
  }

  async stop() {
    for (const close of this.#closers.splice(0).reverse()) await close();
  }

  /** @param {FleetOptions} options */
  async #startServers({ registrations, lifetimeSeconds, answerMs = 0 }) {
    this.redis = await startRedis();
    this.#closers.push(() => this.redis.stop());
    this.#view = connectView(this.redis.url);
    this.#closers.push(async () => this.#view.disconnect());
    const sandbox = new NodeProcess('apps/sandbox/dist/main.js', { SANDBOX_PORT: '0' });
    this.#closers.push(() => sandbox.stop());
    this.sandboxUrl = await sandbox.printed(/server on (http:\S+)$/m, START_MS);
    const control = `${this.sandboxUrl}/_sandbox`;
    for (const [dialect, seconds] of Object.entries(lifetimeSeconds)) {
      const settings = { dialect, accessTokenLifetimeSeconds: seconds };
      await request('PUT', `${control}/settings`, settings);
    }
    const delay = { on: 'token', kind: 'delay', ms: answerMs, times: 1_000_000 };
    if (answerMs > 0) await request('POST', `${control}/faults`, delay);

    const folder = await mkdtemp(join(tmpdir(), 'oauth-token-fleet-'));
    this.#closers.push(() => rm(folder, { recursive: true }));
    this.#registrationsFile = join(folder, 'registrations.json');
    const entries = registrations.map(({ registrationId, dialect }) => ({
      registrationId,
      allowedOrigins: [this.sandboxUrl],
      ...REGISTRATIONS[dialect](this.sandboxUrl),
    }));
    await writeFile(this.#registrationsFile, JSON.stringify({ registrations: entries }));
  }

  /** @returns {Promise<Replica>} */
  async #startReplica() {
    const link = await startProxy(this.redis);
    this.#closers.push(() => link.stop());
    const child = new NodeProcess('apps/demo/dist/main.js', {
      PORT: '0',
      TCP_PORT: '0',
      SANDBOX_URL: this.sandboxUrl,
      REGISTRATIONS_FILE: this.#registrationsFile,
      REDIS_URL: link.url,
      TOKEN_KEYS: this.#keys,
      KEY_PREFIX: PREFIX,
      SPILL_DIR: join(dirname(this.#registrationsFile), 'journal'),
    });
    this.#closers.push(() => child.stop());
    const url = await child.printed(/HTTP on (http:[^:]+:\d+)/, START_MS);
    return { process: child, url, link };
  }
}
