import { buildDemo } from '../demo/build.mjs';

/**
 * Injects faults into real processes over a real Redis while they refresh, prints what became of the refresh tokens for each kind
 * of fault, and tells the promises that were broken.
 *
 * @param {{ faults: number, seed: number, graceSeconds: number }} options
 * @returns {Promise<import('./judge.mjs').Judgement>}
 */
export async function faults({ faults: count, seed, graceSeconds }) {
  const built = await buildDemo();
  if (!built.ok) throw new Error(built.output);
  // Only now: they need what was just built.
  const { runCampaign } = await import('../faults/campaign.mjs');
  const { brokenPromises, rowsOf, tableOf } = await import('../faults/report.mjs');
  const graceMs = graceSeconds * 1_000;
  const start = performance.now();
  const { judged, ineffective, problems } = await runCampaign({ faults: count, seed, graceMs });
  for (const line of tableOf(rowsOf(judged, ineffective))) console.log(`  ${line}`);
  return {
    problems: [...brokenPromises(judged, graceMs), ...problems],
    figures: {
      faults: judged.length,
      seed,
      grace: graceMs === 0 ? 'none' : `${graceSeconds} s`,
      seconds: Math.round((performance.now() - start) / 1_000),
    },
  };
}
