import { parseArgs } from 'node:util';

import { faults } from './faults.mjs';
import { redisDifferential } from './redis-differential.mjs';
import { redisUnpack } from './redis-unpack.mjs';
import { replicas } from './replicas.mjs';
import { stayFresh } from './stay-fresh.mjs';

/**
 * `npm run test:soak [-- --only <name>] [--seconds <n>]`: runs the checks that take minutes, prints their figures, and
 * exits with 1 when one fails. `--list` names them. With `--faults <n> [--seed <n>] [--grace <seconds>]` it is that check alone,
 * with so many faults, against a server that revokes on reuse or gives a grace.
 *
 * @typedef {object} SoakCheck
 * @property {string} what
 * @property {number} seconds how long it runs unless told otherwise
 * @property {(options: { seconds: number }) => Promise<import('./judge.mjs').Judgement>} run
 */

/** How many faults are injected unless told otherwise, and how many of them go into a second. */
const FAULTS = 100;
const FAULTS_PER_SECOND = 1;

const {
  only,
  list,
  seconds,
  faults: asked,
  seed,
  grace,
} = parseArgs({
  options: {
    only: { type: 'string' },
    list: { type: 'boolean' },
    seconds: { type: 'string' },
    faults: { type: 'string' },
    seed: { type: 'string', default: '1' },
    grace: { type: 'string', default: '0' },
  },
}).values;

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
  faults: {
    what: 'no refresh token is lost or spent twice where that can be helped, whatever fails',
    seconds: Number(asked ?? FAULTS) / FAULTS_PER_SECOND,
    run: ({ seconds: time }) =>
      faults({
        faults: Math.round(time * FAULTS_PER_SECOND),
        seed: Number(seed),
        graceSeconds: Number(grace),
      }),
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

const wanted = asked === undefined ? only : 'faults';
if (list === true) {
  for (const [name, { what }] of Object.entries(checks)) console.log(`${name}: ${what}`);
} else if (wanted !== undefined && !(wanted in checks)) {
  console.error(`No check named ${wanted}; there are: ${Object.keys(checks).join(', ')}.`);
  process.exitCode = 1;
} else {
  for (const [name, check] of Object.entries(checks)) {
    if (wanted !== undefined && wanted !== name) continue;
    if (!(await passes(name, check, Number(seconds ?? check.seconds)))) process.exitCode = 1;
  }
}
// Not by itself: Node can spin for ever at its end over the pipe of the Redis guard, which is closing just then.
process.exit();
