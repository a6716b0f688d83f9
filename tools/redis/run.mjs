import { parseArgs } from 'node:util';

import { startRedis } from './server.mjs';

/**
 * `npm run redis [-- --port <n>]`: a Redis server that keeps nothing, until Ctrl-C. Prints its URL.
 */

/** How often to look whether there is a reason to stop, ms. */
const LOOK_MS = 250;

/** @returns {number | undefined} */
function readPort() {
  const { port } = parseArgs({ options: { port: { type: 'string' } } }).values;
  if (port === undefined) return undefined;
  const number = Number(port);
  if (Number.isInteger(number) && number >= 1 && number <= 65_535) return number;
  throw new Error(`--port is "${port}", which is not a port from 1 to 65535.`);
}

/** Settles when we are asked to stop, when whoever ran us is gone, or when the server is. */
function finished(/** @type {import('./index.mjs').RedisProcess} */ server) {
  // A SIGTERM to npm ends npm and its shell, and does not reach us.
  const parent = process.env['npm_lifecycle_event'] === undefined ? undefined : process.ppid;
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, resolve);
    process.stdout.on('error', resolve);
    setInterval(() => {
      if (!server.running || (parent ?? process.ppid) !== process.ppid) resolve(undefined);
    }, LOOK_MS);
  });
}

try {
  const port = readPort();
  const server = await startRedis(port === undefined ? {} : { port });
  console.log(`${server.url} (Ctrl-C stops it)`);
  await finished(server);
  const failed = !server.running;
  if (failed) console.error(`It has ended:\n${server.output()}`);
  await server.stop();
  process.exit(failed ? 1 : 0);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
