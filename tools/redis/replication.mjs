import { until } from './until.mjs';

/** @typedef {import('./index.mjs').RedisConfig} RedisConfig */
/** @typedef {import('./index.mjs').RedisProcess} RedisProcess */

/**
 * What a master or a replica needs in its configuration, whichever of the two it is or becomes.
 *
 * @param {RedisConfig} config what the caller wants
 * @returns {RedisConfig}
 */
export function replicationConfig(config) {
  const password = config['requirepass'];
  return {
    // A master waits for more replicas before it sends its data; there are no more.
    'repl-diskless-sync-delay': 0,
    ...(password === undefined ? {} : { masterauth: password }),
    ...config,
  };
}

/**
 * Reads a server's section on replication.
 *
 * @param {RedisProcess} server
 * @returns {Promise<Map<string, string>>}
 */
async function readReplication(server) {
  const text = String(await server.cli('INFO', 'replication'));
  return new Map(
    text.split('\r\n').map((line) => {
      const [name = '', value = ''] = line.split(':');
      return [name, value];
    }),
  );
}

/**
 * Waits until a replica has all that its master has.
 *
 * @param {RedisProcess} master
 * @param {RedisProcess} replica
 */
export async function untilSynced(master, replica) {
  await until('a replica that has all of its master', async () => {
    const theirs = await readReplication(replica);
    const ours = await readReplication(master);
    return (
      theirs.get('master_link_status') === 'up' &&
      ours.get('master_repl_offset') === theirs.get('slave_repl_offset')
    );
  });
}

/**
 * Waits until what is written to a master goes on to its replica at once. That begins up to a second after the first
 * copy; a failover before would lose what was written.
 *
 * @param {RedisProcess} master
 * @param {RedisProcess} replica
 */
export async function untilStreaming(master, replica) {
  await until('a replica that is online', async () => {
    return /state=online/.test((await readReplication(master)).get('slave0') ?? '');
  });
  // Goes the way of a write, and leaves nothing.
  await master.cli('PUBLISH', 'oauth-token', 'streaming?');
  await untilSynced(master, replica);
}
