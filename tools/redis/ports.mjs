import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * Ports below the ones that systems give to outgoing connections (32768 up on Linux). A client that retries a port of
 * those while nobody listens there can be given it as its own, and then talks to itself. What a Cluster node adds for
 * its bus stays below them too.
 */
const LOWEST = 12_000;
const HIGHEST = 22_000;
const BUS_OFFSET = 10_000;
const TRIES = 100;

/** @param {number} port @returns {Promise<boolean>} */
function isFree(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      server.close(() => resolve(true));
    });
  });
}

/**
 * Finds a port that nothing listens on now; the one 10000 above it, a Cluster node's bus, is free too.
 *
 * @returns {Promise<number>}
 * @throws an Error when a hundred tries found none
 */
export async function findFreePort() {
  for (let tries = 0; tries < TRIES; tries++) {
    const port = randomInt(LOWEST, HIGHEST);
    if ((await isFree(port)) && (await isFree(port + BUS_OFFSET))) return port;
  }
  throw new Error(`No free port found from ${LOWEST} to ${HIGHEST}.`);
}
