import { setTimeout as sleep } from 'node:timers/promises';

/** @typedef {import('./store-view.mjs').RecordView} RecordView */

/**
 * @typedef {object} Kill
 * @property {number} at epoch ms
 * @property {readonly RecordView[]} held the records that it had claimed and not begun to renew
 */

/** How long to look for a moment in which it holds claims, ms; after that one without is good enough. */
const HUNT_MS = 10_000;

/** By then whatever the others had claimed they have begun to renew, ms. */
const OTHERS_MS = 150;

/** How often to look, ms. */
const LOOK_MS = 20;

/** How much slower its link to the store gets, ms, so that it holds its claims for longer than a moment. */
const SLOW_LINK_MS = 50;

/** @param {string | undefined} owner @param {number} pid */
function isOf(owner, pid) {
  if (owner === undefined) return false;
  const ownersPid = /\/(\d+)\//.exec(owner)?.[1];
  if (ownersPid === undefined) throw new Error(`The owner ${owner} names no process`);
  return Number(ownersPid) === pid;
}

/**
 * Whether a replica is between two renewals: it has announced no token request, and holds claims unless we are content without.
 *
 * @param {readonly RecordView[]} records
 * @param {number} pid
 * @param {boolean} content
 */
const isBetween = (records, pid, content) =>
  !records.some(({ owner }) => isOf(owner, pid)) &&
  (content || records.some(({ claimed }) => claimed));

/**
 * Kills a replica with SIGKILL between two renewals: it has announced no token request, and holds claims if that can be had.
 * It is stopped in its tracks before the look that decides, so that what is seen still holds when it dies.
 *
 * @param {import('./fleet.mjs').Replica} victim
 * @param {() => Promise<RecordView[]>} view
 * @returns {Promise<Kill>}
 */
export async function killBetween(victim, view) {
  const { process: child, link } = victim;
  const deadline = performance.now() + HUNT_MS;
  link.delay(SLOW_LINK_MS);
  for (;;) {
    const content = performance.now() > deadline;
    if (isBetween(await view(), child.pid, content)) {
      child.signal('SIGSTOP');
      const first = await view();
      // What it had sent may still arrive, and the others' claims are not its own.
      await sleep(OTHERS_MS);
      const second = (await view()).filter(
        ({ id, claimed, owner, offeredAt }) =>
          owner !== undefined ||
          (claimed && first.some((one) => one.id === id && one.offeredAt === offeredAt)),
      );
      if (isBetween(second, child.pid, content)) {
        const at = Date.now();
        child.signal('SIGKILL');
        await child.ended;
        return { at, held: second.filter(({ claimed }) => claimed) };
      }
      child.signal('SIGCONT');
      // It has to make up for the stop before the next one.
      await sleep(2 * OTHERS_MS);
    }
    await sleep(LOOK_MS);
  }
}
