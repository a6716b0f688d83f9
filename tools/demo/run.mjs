import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { buildDemo } from './build.mjs';
import { readPorts } from './ports.mjs';
import { Service } from './service.mjs';

/**
 * `npm run demo`: the sandbox authorization server and the demo microservice side by side, until Ctrl-C or until one of
 * them ends. Ports are set with SANDBOX_PORT, PORT and TCP_PORT.
 */

/** How long a service may take until it listens, ms. */
const START_MS = 30_000;

/** @returns {Promise<boolean>} */
async function build() {
  console.log('Building the sandbox and the demo (a minute the first time) …');
  const result = await buildDemo();
  if (!result.ok) console.error(result.output);
  return result.ok;
}

/** @param {number} port @returns {Promise<boolean>} */
function answers(port) {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

/** Waits until something listens on a port. @param {string | undefined} port @returns {Promise<boolean>} */
async function listening(port) {
  const deadline = performance.now() + START_MS;
  while (performance.now() < deadline) {
    if (await answers(Number(port))) return true;
    await sleep(100, undefined, { ref: false });
  }
  return false;
}

/** Settles with 0 when we are asked to stop, or when whoever ran us is gone. @returns {Promise<number>} */
function asked() {
  return new Promise((resolve) => {
    const stop = () => resolve(0);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, stop);
    process.stdout.on('error', stop);
    // A SIGTERM to npm ends npm and its shell, and does not reach us.
    const parent = process.ppid;
    const look = () => (process.ppid === parent ? undefined : stop());
    if (process.env['npm_lifecycle_event'] !== undefined) setInterval(look, 250).unref();
  });
}

/**
 * Runs both services until one ends or we are asked to stop.
 *
 * @param {Record<string, string>} environment with the ports
 * @returns {Promise<number>} the exit code: of the service that ended, where one did
 */
async function serve(environment) {
  const sandboxUrl = `http://127.0.0.1:${environment['SANDBOX_PORT']}`;
  const sandbox = new Service('sandbox', 'apps/sandbox/dist/main.js', environment);
  const stopped = Promise.race([asked(), sandbox.failed]);
  // The demo's first logins are to meet the sandbox.
  const first = await Promise.race([stopped, listening(environment['SANDBOX_PORT'])]);
  if (typeof first === 'number') {
    await sandbox.stop();
    return first;
  }

  const demo = new Service('demo   ', 'apps/demo/dist/main.js', {
    SANDBOX_URL: sandboxUrl,
    ...environment,
  });
  void listening(environment['PORT']).then((up) => {
    if (!up) return;
    const demoUrl = `http://127.0.0.1:${environment['PORT']}`;
    console.log(`ready: the sandbox ${sandboxUrl}, the demo ${demoUrl}/tokens. Ctrl-C stops both.`);
  });
  const code = await Promise.race([stopped, demo.failed]);
  await Promise.all([sandbox.stop(), demo.stop()]);
  return code;
}

const { ports, problems } = await readPorts(process.env);
if (problems.length > 0) {
  for (const problem of problems) console.error(problem);
  process.exitCode = 1;
} else if (!(await build())) {
  process.exitCode = 1;
} else {
  process.exitCode = await serve(ports);
}
