import { parseArgs } from 'node:util';

import { redisDifferential } from './redis-differential.mjs';
import { redisUnpack } from './redis-unpack.mjs';
import { replicas } from './replicas.mjs';
import { stayFresh } from './stay-fresh.mjs';

/**
 * `npm run test:soak [-- --only <name>] [--seconds <n>]`: runs the checks that take minutes, prints their figures, and
 * exits with 1 when one fails. `--list` names them.
 *
 * @typedef {object} SoakCheck
 * @property {string} what
 * @property {number} seconds how long it runs unless told otherwise
 * @property {(options: { seconds: number }) => Promise<import('./judge.mjs').Judgement>} run
 */

/** @type {Readonly<Record<string, SoakCheck>>} */
const checks = {
  'stay-fresh': {
    what: 'every token is renewed before it ends, with one token request',
    seconds: 300,
    run: stayFresh,
  },
  'redis-unpack': {
    what: 'a Redis server is found where none is installed, without root',
    seconds: 20,
    run: redisUnpack,
  },
  replicas: {
    what: '3 replicas renew 200 tokens of 8 s with one token request each; one of them is killed',
    seconds: 180,
    run: replicas,
  },
  'redis-differential': {
    what: 'the reducer, the memory store and replicas over Redis agree on random commands',
    seconds: 60,
    run: redisDifferential,
  },
};

/** @param {string} name @param {SoakCheck} check @param {number} seconds @returns {Promise<boolean>} */
async function passes(name, check, seconds) {
  console.log(`${name}: ${check.what}; ${seconds} s …`);
  try {
    const { problems, figures } = await check.run({ seconds });
    for (const [figure, value] of Object.entries(figures)) console.log(`  ${figure}: ${value}`);
    for (const problem of problems) console.log(`  problem: ${problem}`);
    console.log(`${problems.length === 0 ? 'ok  ' : 'FAIL'} ${name}`);
    return problems.length === 0;
  } catch (error) {
    console.log(`${error instanceof Error ? error.message : String(error)}\nFAIL ${name}`);
    return false;
  }
}

const { only, list, seconds } = parseArgs({
  options: { only: { type: 'string' }, list: { type: 'boolean' }, seconds: { type: 'string' } },
}).values;
if (list === true) {
  for (const [name, { what }] of Object.entries(checks)) console.log(`${name}: ${what}`);
} else if (only !== undefined && !(only in checks)) {
  console.error(`No check named ${only}; there are: ${Object.keys(checks).join(', ')}.`);
  process.exitCode = 1;
} else {
  for (const [name, check] of Object.entries(checks)) {
    if (only !== undefined && only !== name) continue;
    if (!(await passes(name, check, Number(seconds ?? check.seconds)))) process.exitCode = 1;
  }
}
