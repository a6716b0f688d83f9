import { openStore, keyOf, plant, TOKEN_KEYS } from '../harness/fleet.mjs';
import { infoNumber } from '../harness/server-figures.mjs';
import { openEndpoint, openRedis } from '../harness/setting.mjs';
import { machineTime, median, sum } from '../harness/statistics.mjs';
import { TokenClient } from '../harness/token-client.mjs';
import { tokenTexts } from '../harness/token-text.mjs';
import { Worker } from '../harness/worker.mjs';

/** @typedef {import('../harness/rows.mjs').Row} Row */
/** @typedef {import('../harness/rows.mjs').Run} Run */
/** @typedef {import('../harness/call-at-once.mjs').Wave} Wave */
/** @typedef {import('ioredis').Redis} Redis */

/** @typedef {{ requests: number, refused: number, failures: number, lastMs: number, ratio: number, commands: number }} Figures */
/** @typedef {Figures & { reason: string | undefined }} Measured */

const PROCESSES = 4;
const CALLERS = 250;
/** Time for a wave to be told to all processes, ms. */
const NOTICE_MS = 50;
const GOALS = /** @type {const} */ ([
  { latencyMs: 200, ratio: 1.2 },
  { latencyMs: 50, ratio: 1.5 },
]);

/** The processes of one way to do it, and how a token that has expired is laid out for it. */
class Contender {
  /** @param {string} script @param {(subject: string) => Promise<void>} prepare */
  constructor(script, prepare) {
    const url = new URL(`../workers/${script}`, import.meta.url);
    this.workers = Array.from({ length: PROCESSES }, () => new Worker(url));
    this.prepare = prepare;
  }

  /** @param {string} name @param {unknown} argument @returns {Promise<any[]>} */
  callAll(name, argument) {
    return Promise.all(this.workers.map((worker) => worker.call(name, argument)));
  }

  stop() {
    return Promise.all(this.workers.map((worker) => worker.stop()));
  }
}

/** @typedef {{ redis: Redis, endpoint: import('../harness/setting.mjs').Endpoint, client: TokenClient }} Setting */

/** The endpoint's round trip for somebody alone, ms. @param {TokenClient} client @param {string} family */
async function roundTripMs(client, family) {
  const start = performance.now();
  await client.refresh(`${family}.0.alone`);
  return performance.now() - start;
}

/** One wave of callers. @param {Setting} setting @param {Contender} contender @param {string} subject @returns {Promise<Measured>} */
async function measure({ redis, endpoint, client }, contender, subject) {
  await contender.prepare(subject);
  await endpoint.takeCounts();
  const before = await infoNumber(redis, 'total_commands_processed');
  const at = machineTime() + NOTICE_MS;
  /** @type {Wave[]} */
  const waves = await contender.callAll('run', { subject, callers: CALLERS, at });
  const commands = (await infoNumber(redis, 'total_commands_processed')) - before - 1;
  const counts = await endpoint.takeCounts();
  const lastMs =
    Math.max(...waves.map(({ lastAt }) => lastAt)) -
    Math.min(...waves.map(({ startedAt }) => startedAt));
  const alone = await roundTripMs(client, `alone-${subject}`);
  const failures = sum(waves.map((wave) => wave.failures));
  const reason = waves.find((wave) => wave.firstFailure !== undefined)?.firstFailure;
  return { ...counts, failures, lastMs, ratio: lastMs / alone, commands, reason };
}

/** @param {readonly Measured[]} all @param {keyof Figures} name */
const medianOf = (all, name) => median(all.map((measured) => measured[name]));
/** @param {readonly Measured[]} all @param {keyof Figures} name */
const worstOf = (all, name) => Math.max(...all.map((measured) => measured[name]));

/** @param {(typeof GOALS)[number]} goal @param {readonly Measured[]} ours @param {readonly Measured[]} theirs @returns {Row[]} */
function rowsOf({ latencyMs, ratio }, ours, theirs) {
  const at = `${latencyMs} ms:`;
  const reason = ours.find((measured) => measured.reason !== undefined)?.reason;
  return [
    {
      what: `${at} token requests, worst run`,
      value: worstOf(ours, 'requests'),
      unit: '',
      goal: { exactly: 1 },
      gate: true,
    },
    {
      what: `${at} failures and refused tokens, all runs`,
      value: sum(ours.map(({ failures, refused }) => failures + refused)),
      unit: '',
      goal: { exactly: 0 },
      gate: true,
      ...(reason === undefined ? {} : { note: reason }),
    },
    {
      what: `${at} last waiter / endpoint round trip`,
      value: medianOf(ours, 'ratio'),
      unit: 'x',
      goal: { atMost: ratio },
      note: `worst ${worstOf(ours, 'ratio').toFixed(2)}x`,
    },
    { what: `${at} last waiter`, value: medianOf(ours, 'lastMs'), unit: 'ms' },
    {
      what: `${at} Redis commands`,
      value: medianOf(ours, 'commands'),
      unit: '',
      note: 'with those inside of scripts',
    },
    {
      what: `${at} redlock: last waiter / endpoint round trip`,
      value: medianOf(theirs, 'ratio'),
      unit: 'x',
      note: `${worstOf(theirs, 'requests')} token request(s), ${medianOf(theirs, 'failures')} failures`,
    },
    { what: `${at} redlock: Redis commands`, value: medianOf(theirs, 'commands'), unit: '' },
  ];
}

/** @param {Setting} setting @param {readonly Contender[]} contenders @param {Run} run */
async function wavesAt(setting, contenders, run) {
  /** @type {Measured[][]} */
  const measured = contenders.map(() => []);
  // The first wave warms everything up.
  for (let number = 0; number <= run.runs; number += 1) {
    for (const [index, contender] of contenders.entries()) {
      const subject = `s${machineTime()}`.replace('.', '-');
      const result = await measure(setting, contender, subject);
      if (number > 0) measured[index]?.push(result);
    }
  }
  return measured;
}

/**
 * Four replicas with 250 callers each want the same expired token, whose refresh token works once.
 *
 * @param {Run} run @returns {Promise<Row[]>}
 */
export async function wakeup(run) {
  const { url: redisUrl, redis, stop: stopRedis } = await openRedis();
  const endpoint = await openEndpoint();
  const client = new TokenClient(endpoint.url);
  const store = openStore(redis);
  const ours = new Contender('caller.mjs', (subject) =>
    plant(store, keyOf(subject), tokenTexts(`${subject}.0`), { expiresInMs: -1_000 }),
  );
  const theirs = new Contender('redlock-caller.mjs', async (subject) => {
    const tokens = { ...tokenTexts(`${subject}.0`), expiresAt: Date.now() - 1_000 };
    await redis.set(`redlock:${subject}`, JSON.stringify(tokens));
  });
  const contenders = [ours, theirs];
  try {
    for (const contender of contenders) {
      const options = { redisUrl, tokenUrl: endpoint.url, tokenKeys: TOKEN_KEYS };
      await contender.callAll('start', options);
    }
    /** @type {Row[]} */
    const rows = [];
    for (const goal of GOALS) {
      await endpoint.setLatency(goal.latencyMs);
      const [mine = [], others = []] = await wavesAt({ redis, endpoint, client }, contenders, run);
      rows.push(...rowsOf(goal, mine, others));
    }
    return rows;
  } finally {
    await Promise.all(contenders.map((contender) => contender.stop()));
    await client.close();
    await endpoint.stop();
    await stopRedis();
  }
}
