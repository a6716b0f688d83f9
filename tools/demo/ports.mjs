import { createServer } from 'node:net';

/**
 * A port that something is to listen on, and the environment variable that sets it.
 *
 * @typedef {{ variable: string, what: string, fallback: number }} PortSetting
 */

/** @type {readonly PortSetting[]} */
const SETTINGS = [
  { variable: 'SANDBOX_PORT', what: 'the sandbox', fallback: 4000 },
  { variable: 'PORT', what: 'the demo', fallback: 3000 },
  { variable: 'TCP_PORT', what: "the demo's TCP microservice", fallback: 3001 },
];

/**
 * Whether a port can be listened on.
 *
 * @param {number} port
 * @param {string} host
 * @returns {Promise<boolean>}
 */
function isFree(port, host) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/**
 * Reads the ports of the demo from the environment and looks whether they are free.
 *
 * @param {NodeJS.ProcessEnv} environment
 * @returns {Promise<{ ports: Record<string, string>, problems: string[] }>} the ports by variable; what stands in the way
 */
export async function readPorts(environment) {
  const host = environment['HOST'] ?? '127.0.0.1';
  /** @type {Record<string, string>} */
  const ports = {};
  const problems = [];
  for (const { variable, what, fallback } of SETTINGS) {
    const port = Number(environment[variable] || fallback);
    const twin = Object.keys(ports).find((other) => ports[other] === String(port));
    ports[variable] = String(port);
    if (!Number.isInteger(port) || port < 1 || port > 65_535) {
      problems.push(
        `${variable} is "${environment[variable]}", which is not a port from 1 to 65535.`,
      );
    } else if (twin !== undefined) {
      problems.push(`${variable} and ${twin} are both ${port}. Give them different ports.`);
    } else if (!(await isFree(port, host))) {
      problems.push(
        `Port ${port} of ${what} is taken. Set ${variable} to a free one, such as ${variable}=${port + 1000} npm run demo`,
      );
    }
  }
  return { ports, problems };
}

/**
 * Finds ports that nothing listens on now.
 *
 * @param {number} count
 * @returns {Promise<number[]>}
 */
export async function findFreePorts(count) {
  const servers = await Promise.all(
    Array.from({ length: count }, () => {
      const server = createServer();
      return new Promise((/** @type {(value: import('node:net').Server) => void} */ resolve) => {
        server.listen({ port: 0, host: '127.0.0.1' }, () => resolve(server));
      });
    }),
  );
  return Promise.all(
    servers.map((server) => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      return new Promise((/** @type {(value: number) => void} */ resolve) => {
        server.close(() => resolve(port));
      });
    }),
  );
}
