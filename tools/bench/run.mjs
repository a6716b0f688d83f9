import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { mustRun } from '../process/run-command.mjs';
import { findRedisProgram } from '../redis/index.mjs';
import { verdictOf } from './harness/rows.mjs';
import { formatTable } from './harness/table.mjs';

/**
 * `npm run bench [-- --only <name>] [--json <file>] [--quick] [--gate]`: measures the built packages beside what they are
 * compared with, prints a table and writes the figures as JSON. Only ratios within one run say something elsewhere.
 * `--quick` is a smoke test, `--no-build` takes the packages as they were built last, and with `--gate` it exits with 1
 * when a goal is missed that hardly varies from run to run. A benchmark that cannot be run is always an error.
 */

/** @typedef {import('./harness/rows.mjs').Row} Row */
/** @typedef {import('./harness/rows.mjs').Run} Run */

/** Loaded when they are run: they need the packages built. @type {Readonly<Record<string, () => Promise<(run: Run) => Promise<Row[]>>>>} */
const benchmarks = {
  wakeup: async () => (await import('./benchmarks/wakeup.mjs')).wakeup,
  throughput: async () => (await import('./benchmarks/throughput.mjs')).throughput,
  tick: async () => (await import('./benchmarks/tick.mjs')).tick,
  claim: async () => (await import('./benchmarks/claim.mjs')).claim,
  memory: async () => (await import('./benchmarks/memory.mjs')).memory,
  'hot-path': async () => (await import('./benchmarks/hot-path.mjs')).hotPath,
};

const options = parseArgs({
  options: {
    only: { type: 'string' },
    json: { type: 'string' },
    quick: { type: 'boolean', default: false },
    gate: { type: 'boolean', default: false },
    build: { type: 'boolean', default: true },
  },
  allowNegative: true,
}).values;

async function build() {
  const projects = '@oauth-token/core,@oauth-token/redis';
  await mustRun(['nx', 'run-many', '-t', 'build', '-p', projects, '--outputStyle=static']);
}

/** @param {string} name @returns {Promise<{ name: string, rows: Row[] } | undefined>} */
async function runOne(name) {
  const start = performance.now();
  try {
    const benchmark = await benchmarks[name]?.();
    const rows = (await benchmark?.({ quick: options.quick, runs: options.quick ? 1 : 5 })) ?? [];
    const seconds = Math.round((performance.now() - start) / 1_000);
    console.log(`\n${name} (${seconds} s)\n${formatTable(rows)}`);
    return { name, rows };
  } catch (error) {
    console.error(`\n${name} could not be run: ${error instanceof Error ? error.stack : error}`);
    process.exitCode = 1;
    return undefined;
  }
}

/** @param {readonly { name: string, rows: Row[] }[]} results */
async function writeJson(results) {
  const fallback = fileURLToPath(new URL('results/latest.json', import.meta.url));
  const file = options.json === undefined ? fallback : resolve(options.json);
  const { version } = await findRedisProgram();
  const [cpu] = cpus();
  const machine = { cpu: cpu?.model, cpus: cpus().length, node: process.version, redis: version };
  const figures = results.flatMap(({ name, rows }) =>
    rows.map((row) => ({ benchmark: name, ...row, verdict: verdictOf(row) })),
  );
  const report = { at: new Date().toISOString(), quick: options.quick, machine, figures };
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(report, undefined, 2)}\n`);
  console.log(`\nWritten to ${file}`);
}

async function main() {
  const { only, quick, gate } = options;
  if (only !== undefined && !(only in benchmarks)) {
    const names = Object.keys(benchmarks).join(', ');
    throw new Error(`There is no benchmark named ${only}; there are: ${names}.`);
  }
  if (options.build) await build();
  if (quick) console.log('A smoke test: these figures are not to be quoted.');
  const results = [];
  for (const name of Object.keys(benchmarks)) {
    if (only !== undefined && only !== name) continue;
    const result = await runOne(name);
    if (result !== undefined) results.push(result);
  }
  await writeJson(results);
  const rows = results.flatMap((result) => result.rows);
  const missed = rows.filter((row) => row.gate === true && verdictOf(row) === 'MISS');
  if (gate && missed.length > 0) process.exitCode = 1;
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
