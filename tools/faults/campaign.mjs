import { Rig } from './harness/rig.mjs';
import { startDurable, startPair, startVolatile } from './harness/redis-setting.mjs';
import { judge } from './judge.mjs';
import { graceKinds, processKinds } from './kinds/process-kinds.mjs';
import { serverKinds } from './kinds/server-kinds.mjs';
import { storeKinds } from './kinds/store-kinds.mjs';
import { RigQueue } from './rig-queue.mjs';
import { seeded, shuffled } from './seeded.mjs';

/** @typedef {import('./kinds/fault-kind.mjs').FaultKind} FaultKind */
/** @typedef {import('./kinds/fault-kind.mjs').RigKind} RigKind */
/** @typedef {import('./rig-queue.mjs').Planned} Planned */
/** @typedef {import('./rig-queue.mjs').Fallen} Fallen */

/**
 * @typedef {object} CampaignOptions
 * @property {number} faults that are to take effect, besides more SIGTERMs
 * @property {number} seed
 * @property {number} graceMs 0 for a server that revokes a family when a refresh token is used twice
 * @property {readonly string[]} [only] kinds, all of them unless given
 * @property {(line: string) => void} [tell]
 */

/** One fault that took effect, with what became of its keys. @typedef {Fallen & { verdicts: import('./judge.mjs').Verdict[] }} Judged */

/** @param {number} graceMs @returns {readonly FaultKind[]} */
export const kindsFor = (graceMs) => [
  ...processKinds,
  ...(graceMs > 0 ? graceKinds : []),
  ...serverKinds,
  ...storeKinds,
];

/** How many rigs of a kind work side by side, and what they are made of. @type {Record<RigKind, { rigs: number, start: () => Promise<import('./harness/redis-setting.mjs').RedisSetting>, victims: number, keepers: number, atOnce: number }>} */
const RIGS = {
  processes: { rigs: 1, start: () => startDurable(), victims: 6, keepers: 2, atOnce: 16 },
  redis: { rigs: 2, start: () => startDurable(2), victims: 1, keepers: 2, atOnce: 1 },
  volatile: { rigs: 1, start: startVolatile, victims: 1, keepers: 2, atOnce: 1 },
  pair: { rigs: 1, start: startPair, victims: 1, keepers: 2, atOnce: 1 },
};

/**
 * As many faults of each kind as can be, in a seeded order, and SIGTERM, which is no failure but every day's business, for a fifth
 * of their number.
 *
 * @param {readonly FaultKind[]} kinds
 * @param {number} faults
 * @param {() => number} random
 * @returns {Planned[]}
 */
function plan(kinds, faults, random) {
  /** @type {FaultKind[]} */
  const chosen = [];
  while (chosen.length < faults) chosen.push(...shuffled(kinds, random));
  chosen.length = faults;
  for (const kind of kinds.filter(({ name }) => name === 'terminate')) {
    const missing = Math.ceil(faults / 5) - chosen.filter((each) => each === kind).length;
    for (let index = 0; index < missing; index += 1) chosen.push(kind);
  }
  return chosen.map((kind) => ({ kind, seed: Math.floor(random() * 2 ** 32) }));
}

/**
 * Injects faults, as many of each kind as can be, on rigs side by side, and judges what became of every refresh token.
 *
 * @param {CampaignOptions} options
 * @returns {Promise<{ judged: Judged[], ineffective: Fallen[], problems: string[] }>}
 */
export async function runCampaign({ faults, seed, graceMs, only, tell = () => undefined }) {
  const kinds = kindsFor(graceMs).filter(({ name }) => only?.includes(name) ?? true);
  const planned = plan(kinds, faults, seeded(seed));
  const results = await Promise.all(
    Object.entries(RIGS).flatMap(([rigKind, setting]) => {
      const queue = planned.filter(({ kind }) => kind.rig === rigKind);
      const rigs = Math.min(setting.rigs, queue.length);
      return Array.from({ length: rigs }, (_, index) =>
        runRig(`${rigKind}${index}x`, setting, graceMs, queue, tell),
      );
    }),
  );
  return {
    judged: results.flatMap(({ judged }) => judged),
    ineffective: results.flatMap(({ ineffective }) => ineffective),
    problems: results.flatMap(({ problems }) => problems),
  };
}

/**
 * @param {string} name
 * @param {typeof RIGS[RigKind]} setting
 * @param {number} graceMs
 * @param {Planned[]} queue shared with the rigs of its kind
 * @param {(line: string) => void} tell
 */
async function runRig(name, { start, victims, keepers, atOnce }, graceMs, queue, tell) {
  const rig = await Rig.start({ name, redis: await start(), victims, keepers, graceMs });
  try {
    const work = new RigQueue(rig, queue, tell);
    await Promise.all(Array.from({ length: atOnce }, () => work.run()));
    const verdicts = judge(await rig.history());
    const judged = work.effective.map((fallen) => ({
      ...fallen,
      verdicts: fallen.subjects.flatMap((subject) => verdicts.get(subject) ?? []),
    }));
    const gone = await rig.kept.gone();
    const problems = gone
      .filter((subject) => verdicts.get(subject)?.lost === undefined)
      .map((subject) => `${subject} was kept, and taken by a later fault`);
    return { judged, ineffective: work.ineffective, problems: [...rig.problems, ...problems] };
  } finally {
    await rig.stop();
  }
}
