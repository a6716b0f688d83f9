import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

import { buildDemo } from '../demo/build.mjs';
import { Fleet } from './fleet.mjs';
import { FleetCalls } from './fleet-calls.mjs';
import { judgeFleet } from './judge-fleet.mjs';

/** @typedef {import('./fleet.mjs').FleetRegistration} FleetRegistration */

const REPLICAS = 3;
const LIFETIME_SECONDS = 8;
const CALLS_PER_SECOND = 30;

/** @type {readonly FleetRegistration[]} */
const REGISTRATIONS = Array.from({ length: 200 }, (_, index) => ({
  registrationId: `r${index}`,
  dialect: 'oidc',
}));

/**
 * Has three replicas keep 200 tokens of eight seconds fresh over one Redis; after a third of the time one of them is killed
 * between two renewals.
 *
 * @param {{ seconds: number }} options
 * @returns {Promise<import('./judge.mjs').Judgement>}
 */
export async function replicas({ seconds }) {
  const built = await buildDemo();
  if (!built.ok) throw new Error(built.output);
  const fleet = await Fleet.start({
    replicas: REPLICAS,
    registrations: REGISTRATIONS,
    lifetimeSeconds: { oidc: LIFETIME_SECONDS },
    answerMs: 30,
  });
  // Pauses of our own are pauses of the machine: nothing here works for long.
  const pauses = monitorEventLoopDelay();
  pauses.enable();
  try {
    const calls = new FleetCalls(fleet, { perSecond: CALLS_PER_SECOND, of: REGISTRATIONS });
    await sleep((seconds * 1_000) / 3);
    const victim = /** @type {import('./fleet.mjs').Replica} */ (fleet.replicas.at(-1));
    await calls.spare(victim);
    const { at, held } = await fleet.kill(victim);
    await sleep((seconds * 2_000) / 3);
    const records = await calls.stop();
    const until = Date.now();
    const judgement = judgeFleet({
      items: await fleet.ledger(),
      calls: records,
      registrations: REGISTRATIONS.length,
      until,
      kill: { at, held: held.length },
    });
    const troubles = fleet.output().match(/^.*\b(WARN|ERROR)\b.*$/gm) ?? [];
    judgement.figures['lines of warnings and errors'] = troubles.length;
    judgement.figures['longest pause of the machine'] = `${Math.round(pauses.max / 1e6)} ms`;
    if (judgement.problems.length > 0) console.log(troubles.slice(-60).join('\n'));
    return judgement;
  } finally {
    pauses.disable();
    await fleet.stop();
  }
}
