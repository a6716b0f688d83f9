import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

import { findFreePorts } from '../demo/ports.mjs';
import { childEnvironment } from '../process/environment.mjs';
import { repositoryRoot } from '../process/repository-root.mjs';

/** How long building and starting may take, ms. */
const START_MS = 180_000;

/**
 * The very demo of `npm run demo`, on free ports.
 *
 * @typedef {object} DemoProcess
 * @property {string} sandboxUrl
 * @property {string} demoUrl
 * @property {() => string} output what it has printed so far
 * @property {() => boolean} running
 * @property {() => Promise<number | null>} stop answers its exit code
 */

/**
 * Starts the demo and waits until it is ready.
 *
 * @returns {Promise<DemoProcess>}
 * @throws an Error with its output when it does not become ready
 */
export async function startDemo() {
  const [sandboxPort, port, tcpPort] = await findFreePorts(3);
  const child = spawn(process.execPath, ['tools/demo/run.mjs'], {
    cwd: repositoryRoot,
    env: childEnvironment({
      SANDBOX_PORT: String(sandboxPort),
      PORT: String(port),
      TCP_PORT: String(tcpPort),
    }),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (output += text));
  /** @type {Promise<number | null>} */
  const ended = new Promise((resolve) => child.once('close', resolve));
  const demo = {
    sandboxUrl: `http://127.0.0.1:${sandboxPort}`,
    demoUrl: `http://127.0.0.1:${port}`,
    output: () => output,
    running: () => child.exitCode === null && child.signalCode === null,
    stop: () => {
      child.kill('SIGTERM');
      return ended;
    },
  };
  const deadline = performance.now() + START_MS;
  while (!/^ready: /m.test(output)) {
    if (!demo.running() || performance.now() > deadline) {
      await demo.stop();
      throw new Error(`The demo did not start:\n${output}`);
    }
    await sleep(200);
  }
  return demo;
}
