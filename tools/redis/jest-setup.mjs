import { findRedis } from './find.mjs';
import { sendCommand } from './resp.mjs';
import { startRedis } from './server.mjs';

/** @type {import('./index.mjs').RedisProcess | undefined} */
let server;

/** Makes sure that somebody else's server answers. @param {string} address */
async function greet(address) {
  const { protocol, hostname, port, username, password } = new URL(address);
  // Nothing here speaks TLS; the clients will find out.
  if (protocol === 'rediss:') return;
  const target = {
    host: hostname,
    port: Number(port || 6379),
    ...(password === '' ? {} : { password: decodeURIComponent(password) }),
    ...(username === '' ? {} : { username: decodeURIComponent(username) }),
  };
  await sendCommand(target, ['PING']).catch((error) => {
    throw new Error(`REDIS_URL leads to no Redis server: ${error.message}`);
  });
}

/** Jest's `globalSetup`: one server for all specs of a project, in `TEST_REDIS_URL`. */
export default async function setUp() {
  const found = await findRedis();
  if ('url' in found) {
    await greet(found.url);
    process.env['TEST_REDIS_URL'] = found.url;
  } else {
    server = await startRedis();
    process.env['TEST_REDIS_URL'] = server.url;
  }
}

/** Stops the server where `setUp` has started one. */
export async function tearDown() {
  await server?.stop();
  server = undefined;
}
