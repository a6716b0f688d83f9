import { orStop, stopAll } from './group.mjs';
import { replicationConfig, untilStreaming, untilSynced } from './replication.mjs';
import { startRedis } from './server.mjs';
import { startProxy } from './tcp-proxy.mjs';

/** Starts a master and a replica with a link that can be cut. @type {typeof import('./index.mjs').startReplicated} */
export async function startReplicated(config = {}) {
  const master = await startRedis({ config: replicationConfig(config) });
  const link = await orStop([master], () => startProxy(master));
  const replica = await orStop([link, master], () =>
    startRedis({
      config: { replicaof: `${link.host} ${link.port}`, ...replicationConfig(config) },
    }),
  );
  const members = [replica, link, master];
  await orStop(members, () => untilStreaming(master, replica));
  const synced = () => untilSynced(master, replica);
  return { master, replica, link, synced, stop: () => stopAll(members) };
}
