import { orStop, startTogether, stopAll } from './group.mjs';
import { startRedis } from './server.mjs';
import { until } from './until.mjs';

/** @typedef {import('./index.mjs').RedisProcess} RedisProcess */

const SLOTS = 16_384;
const NODES = 3;

/** @param {number} index @returns {number[]} the slots of a node: a third */
function slotsOf(index) {
  const first = Math.ceil((index * SLOTS) / NODES);
  const end = Math.ceil(((index + 1) * SLOTS) / NODES);
  return Array.from({ length: end - first }, (_, slot) => first + slot);
}

/** @param {RedisProcess} node @returns {Promise<boolean>} whether it knows all nodes and who has which slot */
async function isComplete(node) {
  const info = String(await node.cli('CLUSTER', 'INFO'));
  const slots = await node.cli('CLUSTER', 'SLOTS');
  return (
    info.includes('cluster_state:ok') &&
    info.includes(`cluster_slots_ok:${SLOTS}`) &&
    Array.isArray(slots) &&
    slots.length === NODES
  );
}

/** @param {readonly RedisProcess[]} nodes */
async function join(nodes) {
  for (const [index, node] of nodes.entries()) {
    await node.cli('CLUSTER', 'SET-CONFIG-EPOCH', index + 1);
    await node.cli('CLUSTER', 'ADDSLOTS', ...slotsOf(index));
  }
  // Each with each: one meeting would do, and hearsay the rest, in some seconds.
  for (const [index, node] of nodes.entries()) {
    for (const { host, port } of nodes.slice(index + 1))
      await node.cli('CLUSTER', 'MEET', host, port);
  }
  await until('a Cluster with all slots', async () => {
    return (await Promise.all(nodes.map(isComplete))).every(Boolean);
  });
}

/** Starts three masters that share the slots, without replicas. @type {typeof import('./index.mjs').startCluster} */
export async function startCluster(config = {}) {
  const settings = { 'cluster-enabled': 'yes', 'cluster-node-timeout': 2_000, ...config };
  const start = () => startRedis({ config: settings });
  const nodes = await startTogether(/** @type {const} */ ([start(), start(), start()]));
  await orStop(nodes, () => join(nodes));
  const addresses = nodes.map(({ host, port }) => ({ host, port }));
  return { nodes, addresses, stop: () => stopAll(nodes) };
}
