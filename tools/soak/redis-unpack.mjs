import { spawn } from 'node:child_process';
import { chmodSync, chownSync, cpSync, mkdirSync, mkdtempSync, readdirSync } from 'node:fs';
import { rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { repositoryRoot } from '../process/repository-root.mjs';

/** The user that nobody logs in as. */
const NOBODY = 65_534;

/** Finds a server and speaks with it; prints how that went as one line of JSON. */
const PROBE = `
  const begin = performance.now();
  const { findRedis, startRedis } = await import('./redis/index.mjs');
  const { from, version } = await findRedis();
  const found = performance.now();
  const redis = await startRedis();
  const answer = await redis.cli('PING');
  await redis.stop();
  const ms = (end, start) => Math.round(end - start);
  const times = { findMs: ms(found, begin), startMs: ms(performance.now(), found) };
  console.log(JSON.stringify({ from, version, answer, uid: process.getuid(), ...times }));
`;

/**
 * @typedef {object} Probe
 * @property {string} from
 * @property {string} version
 * @property {string} answer
 * @property {number} uid
 * @property {number} findMs
 * @property {number} startMs
 */

/** A machine as a user finds it that has apt and no Redis: a PATH without one, a home of its own, no root. */
class BareMachine {
  #top = mkdtempSync(join(tmpdir(), 'redis-unpack-'));
  #homes = 0;

  constructor() {
    const programs = join(this.#top, 'programs');
    mkdirSync(programs);
    for (const name of readdirSync('/usr/bin')) {
      if (/^(redis|valkey|docker)/.test(name)) continue;
      symlinkSync(join('/usr/bin', name), join(programs, name));
    }
    // The repository may stand where nobody else can look.
    cpSync(join(repositoryRoot, 'tools/redis'), join(this.#top, 'redis'), { recursive: true });
    chmodSync(this.#top, 0o755);
  }

  /** @returns {string} a home that has nothing yet */
  makeHome() {
    const home = join(this.#top, `home-${++this.#homes}`);
    mkdirSync(home);
    if (process.getuid?.() === 0) chownSync(home, NOBODY, NOBODY);
    return home;
  }

  /** @param {string} home @returns {Promise<Probe>} */
  probe(home) {
    const user = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
    const child = spawn(process.execPath, ['--input-type=module', '-e', PROBE], {
      cwd: this.#top,
      env: { PATH: join(this.#top, 'programs'), HOME: home },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...user,
    });
    let output = '';
    let errors = '';
    child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (errors += text));
    return new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => {
        if (code === 0) resolve(JSON.parse(output));
        else reject(new Error(`The probe ended with ${code}:\n${errors}`));
      });
    });
  }

  remove() {
    rmSync(this.#top, { recursive: true });
  }
}

/** @param {string} home @returns {string[]} what its cache holds */
const cached = (home) => readdirSync(join(home, '.cache/oauth-token'));

/** @param {Probe} probe @param {string} home @returns {string[]} what is wrong with it */
function problemsOf({ from, answer, uid }, home) {
  const problems = [];
  if (uid === 0) problems.push('it ran as root');
  if (!from.includes(join(home, '.cache/oauth-token/redis-'))) problems.push(`it is from ${from}`);
  if (answer !== 'PONG') problems.push(`it answered ${answer}`);
  const left = cached(home);
  if (left.length !== 1) problems.push(`the cache holds ${left.join(', ')}`);
  return problems;
}

/**
 * Finds a Redis server where none is installed, as a user without rights: unpacks the distribution's packages, finds
 * them again, and does so twice at once. Needs Debian or Ubuntu and their mirror.
 *
 * @returns {Promise<import('./judge.mjs').Judgement>}
 */
export async function redisUnpack() {
  const machine = new BareMachine();
  try {
    const home = machine.makeHome();
    const first = await machine.probe(home);
    const again = await machine.probe(home);
    const shared = machine.makeHome();
    const both = await Promise.all([machine.probe(shared), machine.probe(shared)]);
    return {
      problems: [
        ...[first, again].flatMap((probe) => problemsOf(probe, home)),
        ...both.flatMap((probe) => problemsOf(probe, shared)),
      ],
      figures: {
        'user id': first.uid,
        server: `${first.version}, ${first.from}`,
        'unpacked, ms': first.findMs,
        'found again, ms': again.findMs,
        'started and stopped, ms': again.startMs,
        'two at once, ms': Math.max(...both.map(({ findMs }) => findMs)),
      },
    };
  } finally {
    machine.remove();
  }
}
