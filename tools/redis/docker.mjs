import { lookUp, run } from './program.mjs';

/** @typedef {import('./index.mjs').RedisProgram} RedisProgram */

const IMAGE = 'redis:7';
const PULL_MS = 180_000;

/**
 * Finds a Docker engine that answers and has Redis' image, or can fetch it.
 *
 * @param {NodeJS.ProcessEnv} environment
 * @returns {Promise<RedisProgram | string>} or why there is none
 */
export async function findDocker(environment) {
  const docker = lookUp('docker', environment['PATH']);
  if (docker === undefined) return 'no docker in PATH';
  const info = await run(docker, ['info']);
  if (!info.ok) return `docker info: ${info.output.split('\n').at(-1)}`;
  const image = await run(docker, ['image', 'inspect', IMAGE]);
  if (!image.ok) {
    const pull = await run(docker, ['pull', IMAGE], { timeoutMs: PULL_MS });
    if (!pull.ok) return `docker pull ${IMAGE}: ${pull.output.split('\n').at(-1)}`;
  }
  return { server: docker, env: {}, from: `Docker image ${IMAGE}`, version: '7', image: IMAGE };
}

/**
 * The arguments for `docker` that run a server in the foreground.
 *
 * @param {string} image
 * @param {{ container: string, port: number, folders: readonly string[] }} server folders that it sees as we do
 * @returns {string[]}
 */
export function dockerRun(image, { container, port, folders }) {
  // Servers of a set find one another under 127.0.0.1, which only Linux engines share with their containers.
  const network =
    process.platform === 'linux' ? ['--network=host'] : ['--publish', `127.0.0.1:${port}:${port}`];
  const volumes = folders.flatMap((folder) => ['--volume', `${folder}:${folder}`]);
  const user = `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`;
  const options = ['--rm', '--name', container, '--user', user, ...network, ...volumes];
  return ['run', ...options, image, 'redis-server'];
}

/** @returns {string} the address to listen on inside of a container */
export const dockerBind = process.platform === 'linux' ? '127.0.0.1' : '0.0.0.0';

/**
 * Sends a signal to the server in a container.
 *
 * @param {string} docker
 * @param {string} container
 * @param {NodeJS.Signals} signal
 */
export async function dockerSignal(docker, container, signal) {
  await run(docker, ['kill', '--signal', signal, container]);
}
