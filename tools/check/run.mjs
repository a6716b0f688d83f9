import { parseArgs } from 'node:util';

import { findCanaries } from '../ci/canaries.mjs';
import { runCommand } from '../process/run-command.mjs';
import { steps } from './steps.mjs';

/**
 * `npm run check [-- --only <name>[,<name>]]`: runs every check, prints one line for each with its time, and at the end
 * what the failing ones said. Exits with 1 when any failed.
 */
const { only } = parseArgs({ options: { only: { type: 'string' } } }).values;
const names = only?.split(',') ?? steps.map((step) => step.name);
const unknown = names.filter((name) => !steps.some((step) => step.name === name));
if (unknown.length > 0) {
  console.error(
    `No check named ${unknown.join(', ')}; there are ${steps.map((step) => step.name).join(', ')}.`,
  );
  process.exit(1);
}

/** @type {{ name: string, output: string }[]} */
const failures = [];
for (const step of steps.filter(({ name }) => names.includes(name))) {
  const { ok, output, milliseconds } = await runCommand(step.command);
  // A passing step's output is not shown, so nobody else would look.
  const leaks = findCanaries(output).map(
    ({ line, form }) => `line ${line} holds a secret (${form})\n`,
  );
  const passed = ok && leaks.length === 0;
  if (!passed) failures.push({ name: step.name, output: output + leaks.join('') });
  const seconds = (milliseconds / 1000).toFixed(1).padStart(6);
  console.log(`${passed ? 'ok  ' : 'FAIL'} ${step.name.padEnd(12)}${seconds} s  ${step.what}`);
}

for (const { name, output } of failures) console.log(`\n--- ${name}\n${output.trim()}`);
if (failures.length > 0) {
  console.log(`\n${failures.length} failed: ${failures.map(({ name }) => name).join(', ')}`);
  process.exitCode = 1;
}
