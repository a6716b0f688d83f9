import { findRedisProgram } from './find.mjs';
import { findFreePort } from './ports.mjs';
import { RedisServer } from './redis-server.mjs';

/** How often to try another port when somebody else took the one that was free a moment ago. */
const TRIES = 5;

/** Starts a server and waits until it answers. @type {typeof import('./index.mjs').startRedis} */
export async function startRedis(options = {}) {
  const program = await findRedisProgram();
  for (let tries = 1; ; tries++) {
    const server = new RedisServer(program, options.port ?? (await findFreePort()), options);
    try {
      await server.start();
      return server;
    } catch (error) {
      const taken = /address already in use/i.test(server.output());
      await server.stop();
      if (!taken || options.port !== undefined || tries === TRIES) throw error;
    }
  }
}
