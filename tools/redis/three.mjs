import { startTogether, stopAll } from './group.mjs';
import { startRedis } from './server.mjs';

/** Starts three servers that know nothing of one another. @type {typeof import('./index.mjs').startThree} */
export async function startThree(config = {}) {
  const start = () => startRedis({ config });
  const servers = await startTogether(/** @type {const} */ ([start(), start(), start()]));
  return { servers, urls: servers.map(({ url }) => url), stop: () => stopAll(servers) };
}
