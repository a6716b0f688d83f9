import { randomInt } from 'node:crypto';
import { join } from 'node:path';

import { repositoryRoot } from '../process/repository-root.mjs';
import { runCommand } from '../process/run-command.mjs';

/** The fewest runs of random commands that are compared. */
const RUNS = 10_000;

const COMMAND = [
  process.execPath,
  '--experimental-vm-modules',
  join(repositoryRoot, 'node_modules/jest/bin/jest.js'),
  'test/redis/differential.spec.ts',
];

/**
 * Compares the reducer, the memory store and two replicas over Redis on random commands: the spec of the same name with
 * more runs, and others each time.
 *
 * @param {{ seconds: number }} options
 * @returns {Promise<import('./judge.mjs').Judgement>}
 */
export async function redisDifferential({ seconds }) {
  const seed = randomInt(1, 2 ** 31);
  const settings = { RUNS, SECONDS: seconds, SEED: seed };
  for (const [name, value] of Object.entries(settings)) {
    process.env[`DIFFERENTIAL_${name}`] = String(value);
  }
  const { ok, output, milliseconds } = await runCommand(COMMAND, {
    cwd: join(repositoryRoot, 'apps/demo-e2e'),
    timeoutMs: seconds * 1_000 + 600_000,
  });
  return {
    problems: ok ? [] : [`with DIFFERENTIAL_SEED=${seed}:\n${output}`],
    figures: {
      'runs, at least': RUNS,
      'first seed': seed,
      seconds: Math.round(milliseconds / 1_000),
    },
  };
}
