/** @typedef {import('../harness/rig.mjs').Rig} Rig */
/** @typedef {import('../harness/worker.mjs').Worker} Worker */
/** @typedef {import('../worker/failpoints.mjs').FailpointName} FailpointName */
/** @typedef {import('@oauth-token/core').TokenKey} TokenKey */

/**
 * What is promised for a kind of fault. `safe`: nothing is lost, nothing spent twice, nobody logs in again. `killed`: what is lost
 * is what died with its process between the server's answer and the disk. `unanswered`: what is lost is what no answer ever came
 * for. Whatever is lost is announced; with a grace nothing is.
 *
 * @typedef {'safe' | 'killed' | 'unanswered'} Promised
 */

/**
 * Where a fault falls.
 *
 * @typedef {object} Site
 * @property {Rig} rig
 * @property {Worker} worker nobody else's while the fault lasts
 * @property {readonly (TokenKey & { subject: string })[]} keys freshly planted; the first is the worker's, the others are other workers'
 * @property {(low: number, high: number) => number} between a seeded whole number
 * @property {<const Choice>(choices: readonly [Choice, ...Choice[]]) => Choice} pick a seeded choice
 */

/** Whether a fault fell while a refresh was under way, and if not, why. @typedef {{ effective: boolean, why?: string }} Injection */

/** The rig that a kind needs. @typedef {'processes' | 'redis' | 'volatile' | 'pair'} RigKind */

/**
 * @typedef {object} FaultKind
 * @property {string} name
 * @property {string} numbers in the catalogue of failures
 * @property {string} what
 * @property {RigKind} rig
 * @property {Promised} promised
 * @property {number} [keys] 1 unless it is all workers' fault
 * @property {boolean} [logsIn] whether some of its keys can log in by themselves
 * @property {(site: Site) => Promise<Injection>} inject
 */

/**
 * Has a worker renew a key and meets it at a failpoint.
 *
 * @param {Worker} worker
 * @param {TokenKey & { subject: string }} key
 * @param {Omit<import('../worker/failpoints.mjs').Failpoint, 'subject'>} failpoint
 * @returns {Promise<{ reached: boolean, done: Promise<unknown> }>}
 */
export async function meet(worker, key, failpoint) {
  const { subject } = key;
  const { reached } = await worker.arm({ ...failpoint, subject });
  const done = worker.refresh(key);
  return { reached: await reached, done };
}

/** @param {boolean} reached @param {string} name @returns {Injection} */
export const injected = (reached, name) =>
  reached ? { effective: true } : { effective: false, why: `${name} was not reached` };
