import { startProxy, startRedis } from '../../redis/index.mjs';
import { untilStreaming, untilSynced } from '../../redis/replication.mjs';

/** @typedef {import('../../redis/index.mjs').RedisProcess} RedisProcess */

/**
 * The Redis of a rig.
 *
 * @typedef {object} RedisSetting
 * @property {{ host: string, port: number }} target where the store is now; read at each new connection
 * @property {RedisProcess} server that holds the store now
 * @property {readonly RedisProcess[]} lockServers further instances of the lock
 * @property {readonly string[]} lockUrls of those
 * @property {() => Promise<void>} [cutLink] from now on the second server hears nothing of the first
 * @property {() => Promise<void>} [failOver] kills the server and makes the second one the store
 * @property {() => Promise<void>} [rejoin] has the one that was killed follow the other
 * @property {() => Promise<void>} stop
 */

const SAFE = { appendonly: 'yes', appendfsync: 'always', 'enable-debug-command': 'local' };

/** One server that keeps everything, and two more for the lock. @param {number} locks @returns {Promise<RedisSetting>} */
export async function startDurable(locks = 0) {
  const [server, ...lockServers] = /** @type {[RedisProcess, ...RedisProcess[]]} */ (
    await Promise.all([
      startRedis({ config: SAFE }),
      ...Array.from({ length: locks }, () => startRedis()),
    ])
  );
  return {
    target: { host: server.host, port: server.port },
    server,
    lockServers,
    lockUrls: lockServers.map(({ url }) => url),
    stop: async () => {
      await Promise.all([server, ...lockServers].map((each) => each.stop()));
    },
  };
}

/** One server that keeps nothing, or what was saved by hand. @returns {Promise<RedisSetting>} */
export async function startVolatile() {
  const server = await startRedis();
  const target = { host: server.host, port: server.port };
  return { target, server, lockServers: [], lockUrls: [], stop: () => server.stop() };
}

/** A server and one that takes over. @returns {Promise<RedisSetting>} */
export async function startPair() {
  const config = { 'repl-diskless-sync-delay': 0 };
  const servers = await Promise.all([startRedis({ config }), startRedis({ config })]);
  const [first, second] = /** @type {[RedisProcess, RedisProcess]} */ (servers);
  const source = { host: first.host, port: first.port };
  const link = await startProxy(source);
  const follow = async (
    /** @type {RedisProcess} */ follower,
    /** @type {RedisProcess} */ master,
  ) => {
    source.port = master.port;
    await link.restore();
    await follower.cli('REPLICAOF', link.host, link.port);
    await untilStreaming(master, follower);
  };
  await follow(second, first);
  let standby = second;
  const setting = {
    target: { host: first.host, port: first.port },
    server: first,
    lockServers: [],
    lockUrls: [],
    cutLink: async () => {
      // What was planted a moment ago is no commit that was lost.
      await untilSynced(setting.server, standby);
      await link.cut();
    },
    failOver: async () => {
      const [old, next] = [setting.server, standby];
      await old.kill();
      await link.cut();
      await next.cli('REPLICAOF', 'NO', 'ONE');
      setting.target.port = next.port;
      setting.server = next;
      standby = old;
    },
    rejoin: async () => {
      await standby.restart();
      await follow(standby, setting.server);
    },
    stop: async () => {
      await link.stop();
      await Promise.all(servers.map((each) => each.stop()));
    },
  };
  return setting;
}
