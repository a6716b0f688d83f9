import { findDocker } from './docker.mjs';
import { lookUp, readProgram } from './program.mjs';
import { findUnpacked } from './unpacked.mjs';

/** @typedef {import('./index.mjs').RedisProgram} RedisProgram */
/** @typedef {import('./index.mjs').RunningRedis} RunningRedis */

/**
 * One way to come to a Redis server.
 *
 * @template {RedisProgram | RunningRedis} [Found=RedisProgram]
 * @typedef {object} Way
 * @property {string} name
 * @property {string} advice what to do to make it one
 * @property {() => Promise<Found | string>} look answers why it is none where it is none; throws when what somebody
 *   set on purpose is wrong
 */

/** @param {NodeJS.ProcessEnv} environment @returns {Way<RunningRedis>} */
export const addressWay = (environment) => ({
  name: 'REDIS_URL',
  advice: 'set it to a server that runs, as redis://127.0.0.1:6379',
  look: async () => {
    const url = environment['REDIS_URL'];
    if (!url) return 'not set';
    // It may hold a password, so the message does not repeat it.
    const isRedis = URL.canParse(url) && /^rediss?:$/.test(new URL(url).protocol);
    if (!isRedis) throw new Error('REDIS_URL is no URL as redis://127.0.0.1:6379.');
    return { url };
  },
});

/** @param {NodeJS.ProcessEnv} environment @returns {Promise<RedisProgram | string>} */
async function namedProgram(environment) {
  const server = environment['REDIS_SERVER_BIN'];
  if (!server) return 'not set';
  const program = await readProgram(server, { from: 'REDIS_SERVER_BIN' });
  if (typeof program === 'string') throw new Error(`REDIS_SERVER_BIN: ${program}`);
  return program;
}

/** @param {NodeJS.ProcessEnv} environment @returns {Promise<RedisProgram | string>} */
async function programInPath(environment) {
  const reasons = [];
  for (const name of ['redis-server', 'valkey-server']) {
    const server = lookUp(name, environment['PATH']);
    const program = server && (await readProgram(server, { from: 'PATH' }));
    if (typeof program === 'object') return program;
    reasons.push(program || `no ${name}`);
  }
  return reasons.join(', ');
}

/** @param {NodeJS.ProcessEnv} environment @returns {Way[]} in the order in which they are tried */
export const programWays = (environment) => [
  {
    name: 'REDIS_SERVER_BIN',
    advice: 'set it to the path of a redis-server',
    look: () => namedProgram(environment),
  },
  {
    name: 'PATH',
    advice: 'install one: apt-get install redis-server, brew install redis',
    look: () => programInPath(environment),
  },
  {
    name: 'packages',
    advice: 'reach the mirror of Debian or Ubuntu: theirs are unpacked without root',
    look: () => findUnpacked(environment).catch((error) => String(error.message)),
  },
  {
    name: 'Docker',
    advice: 'start its engine',
    look: () => findDocker(environment),
  },
];

/**
 * Tries ways one after another.
 *
 * @template {RedisProgram | RunningRedis} Found
 * @param {readonly Way<Found>[]} ways
 * @returns {Promise<Found>} what the first one found
 * @throws an Error that names all of them, each with what to do and what was in its way
 */
export async function firstOf(ways) {
  const lines = [];
  for (const { name, advice, look } of ways) {
    const found = await look();
    if (typeof found !== 'string') return found;
    lines.push(`  ${name}: ${advice} (now: ${found.trim().replaceAll('\n', '\n    ')})`);
  }
  throw new Error(
    `There is no Redis server here. Any one of these gives one:\n${lines.join('\n')}`,
  );
}

/** @type {Promise<RedisProgram> | undefined} */
let program;

/** Finds a server program once for this process. @type {typeof import('./index.mjs').findRedisProgram} */
export function findRedisProgram() {
  program ??= firstOf(programWays(process.env));
  program.catch(() => (program = undefined));
  return program;
}

/** Finds a running server or a program. @type {typeof import('./index.mjs').findRedis} */
export function findRedis() {
  /** @type {Way<RedisProgram | RunningRedis>[]} */
  const ways = [addressWay(process.env), ...programWays(process.env)];
  return firstOf(ways);
}
