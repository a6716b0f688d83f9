import { orStop, startTogether, stopAll } from './group.mjs';
import { replicationConfig, untilStreaming } from './replication.mjs';
import { startRedis } from './server.mjs';
import { until } from './until.mjs';

/** @typedef {import('./index.mjs').RedisConfig} RedisConfig */
/** @typedef {import('./index.mjs').RedisProcess} RedisProcess */
/** @typedef {import('./index.mjs').SentinelSet} SentinelSet */

const NAME = 'oauth-token';
const DOWN_AFTER_MS = 1_000;

/** How long a failover may take; for twice as long Sentinels do not begin another one. */
const FAILOVER_MS = 2_000;

/** How much of the Sentinels' logs an error shows. */
const LOG_LINES = 20;

/** How often Sentinels look and talk while there is nothing to decide, ms. */
const QUICK_MS = 100;

/**
 * How often they talk otherwise, ms. One that sees a replica as master for four times as long, and has not heard why,
 * makes it a replica again.
 */
const CALM_MS = 1_000;

/**
 * Sets how often Sentinels look and talk, which is every ten and two seconds by themselves; from Redis 7.0 on.
 *
 * @param {readonly RedisProcess[]} sentinels
 * @param {number} talkMs
 */
async function setPace(sentinels, talkMs) {
  const pace = ['info-period', QUICK_MS, 'publish-period', talkMs, 'tilt-period', 1_000];
  await Promise.all(
    sentinels.map((each) => each.cli('SENTINEL', 'DEBUG', ...pace).catch(() => undefined)),
  );
}

/** @param {number} masterPort @param {RedisConfig} config the servers' @returns {Promise<RedisProcess>} */
async function startSentinel(masterPort, config) {
  const password = config['requirepass'];
  const sentinel = await startRedis({
    sentinel: true,
    config: {
      sentinel: [
        `monitor ${NAME} 127.0.0.1 ${masterPort} 2`,
        `down-after-milliseconds ${NAME} ${DOWN_AFTER_MS}`,
        `failover-timeout ${NAME} ${FAILOVER_MS}`,
        ...(password === undefined ? [] : [`auth-pass ${NAME} ${password}`]),
      ],
    },
  });
  await setPace([sentinel], QUICK_MS);
  return sentinel;
}

/** @param {RedisProcess} sentinel @returns {Promise<number>} the port of what it holds for the master */
async function masterPortOf(sentinel) {
  const address = await sentinel.cli('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', NAME);
  return Number(Array.isArray(address) ? address[1] : undefined);
}

/** @param {RedisProcess} sentinel @returns {Promise<boolean>} whether it knows the other two and the replica */
async function knowsAll(sentinel) {
  const reply = await sentinel.cli('SENTINEL', 'MASTER', NAME);
  const fields = Array.isArray(reply) ? reply : [];
  /** @param {string} name */
  const field = (name) => Number(fields[fields.indexOf(name) + 1]);
  return field('num-other-sentinels') === 2 && field('num-slaves') === 1;
}

/** @param {readonly Promise<boolean>[]} answers @returns {Promise<boolean>} */
async function all(answers) {
  return (await Promise.all(answers)).every(Boolean);
}

/** @implements {SentinelSet} */
class WatchedPair {
  name = NAME;

  /** @param {readonly RedisProcess[]} servers @param {readonly RedisProcess[]} sentinels */
  constructor(servers, sentinels) {
    this.servers = servers;
    this.sentinels = sentinels;
    this.addresses = sentinels.map(({ host, port }) => ({ host, port }));
  }

  /** @returns {Promise<RedisProcess>} */
  master() {
    return until('Sentinels that agree on one of our servers', async () => {
      const ports = await Promise.all(this.#awake.map(masterPortOf));
      if (ports.some((port) => port !== ports[0])) return undefined;
      return this.servers.find(({ port }) => port === ports[0]);
    });
  }

  /** @param {'planned' | 'crash'} [how] @returns {Promise<RedisProcess>} */
  async failover(how = 'planned') {
    const before = await this.master();
    try {
      return how === 'planned' ? await this.#change(before) : await this.#crash(before);
    } catch (error) {
      const logs = this.sentinels.map((each) =>
        each.output().split('\n').slice(-LOG_LINES).join('\n'),
      );
      throw new Error(`The failover did not happen:\n${logs.join('\n')}`, { cause: error });
    }
  }

  stop() {
    return stopAll([...this.sentinels, ...this.servers]);
  }

  get #awake() {
    return this.sentinels.filter(({ running }) => running);
  }

  /** @param {RedisProcess} before */
  async #crash(before) {
    await before.kill();
    return this.#masterAfter(before);
  }

  /** @param {RedisProcess} before */
  async #change(before) {
    const after = await until('a change of the master', async () => {
      const [sentinel] = this.#awake;
      await sentinel?.cli('SENTINEL', 'FAILOVER', NAME);
      // One that takes too long is called off, and has to be ordered again.
      return this.#masterAfter(before, 2 * FAILOVER_MS);
    });
    // They agree, so that making the former master a replica can be hurried.
    await setPace(this.#awake, QUICK_MS);
    await untilStreaming(after, before);
    await setPace(this.#awake, CALM_MS);
    return after;
  }

  /** @param {RedisProcess} before @param {number} [timeoutMs] */
  #masterAfter(before, timeoutMs) {
    const look = async () => {
      const master = await this.master();
      if (master === before) return undefined;
      const role = await master.cli('ROLE');
      return Array.isArray(role) && role[0] === 'master' ? master : undefined;
    };
    return until('another master', look, timeoutMs);
  }
}

/** Starts a master, a replica and three Sentinels. @type {typeof import('./index.mjs').startSentinelSet} */
export async function startSentinelSet(config = {}) {
  const settings = replicationConfig(config);
  const master = await startRedis({ config: settings });
  const rest = /** @type {const} */ ([
    startRedis({ config: { replicaof: `127.0.0.1 ${master.port}`, ...settings } }),
    startSentinel(master.port, config),
    startSentinel(master.port, config),
    startSentinel(master.port, config),
  ]);
  const [replica, ...sentinels] = await orStop([master], () => startTogether(rest));
  const set = new WatchedPair([master, replica], sentinels);
  await orStop([set], async () => {
    await untilStreaming(master, replica);
    await until('Sentinels that know one another', () => all(sentinels.map(knowsAll)));
    await setPace(sentinels, CALM_MS);
  });
  return set;
}
