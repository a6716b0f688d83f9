/** Redis servers for tests and benches: finding one, starting some, and standing in their way. */
export { startCluster } from './cluster.mjs';
export { findRedis, findRedisProgram } from './find.mjs';
export { startReplicated } from './replicated.mjs';
export { startSentinelSet } from './sentinel-set.mjs';
export { startRedis } from './server.mjs';
export { startProxy } from './tcp-proxy.mjs';
export { startThree } from './three.mjs';
