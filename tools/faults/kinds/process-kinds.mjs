import { LEASE_MS, takeoverMs } from '../harness/rig.mjs';
import { injected, meet } from './fault-kind.mjs';

/** @typedef {import('./fault-kind.mjs').FaultKind} FaultKind */
/** @typedef {import('./fault-kind.mjs').Site} Site */
/** @typedef {import('./fault-kind.mjs').FailpointName} FailpointName */

/** @param {Site} site @param {FailpointName} name @param {number} ms */
async function stopAt({ rig, worker, keys }, name, ms) {
  const [key] = keys;
  if (key === undefined) return injected(false, name);
  const { reached, done } = await meet(worker, key, { name, action: 'stop' });
  if (reached) await rig.continueAfter(worker, ms);
  await done;
  return injected(reached, name);
}

/** @param {Site} site @param {FailpointName} name */
async function killAt({ rig, worker, keys }, name) {
  const [key] = keys;
  if (key === undefined) return injected(false, name);
  const { reached, done } = await meet(worker, key, { name, action: 'kill' });
  if (reached) await rig.replaceKilled(worker);
  await done;
  return injected(reached, name);
}

/** @type {readonly FaultKind[]} */
export const processKinds = [
  {
    name: 'stop-short',
    numbers: '1',
    what: 'SIGSTOP when the request has left, longer than the lease, shorter than the takeover delay',
    rig: 'processes',
    promised: 'safe',
    inject: (site) => stopAt(site, 'after-send', LEASE_MS + site.between(100, 500)),
  },
  {
    name: 'stop-before-send',
    numbers: '3',
    what: 'SIGSTOP between begin and send, longer than the lease',
    rig: 'processes',
    promised: 'safe',
    inject: (site) => stopAt(site, 'before-send', LEASE_MS + site.between(100, 1_500)),
  },
  {
    name: 'kill-before-send',
    numbers: '4',
    what: 'SIGKILL before the request leaves',
    rig: 'processes',
    promised: 'safe',
    inject: (site) => killAt(site, site.pick(['before-begin', 'after-begin', 'before-send'])),
  },
  {
    name: 'kill-before-spill',
    numbers: '5',
    what: 'SIGKILL between the request and the journal',
    rig: 'processes',
    promised: 'killed',
    logsIn: true,
    inject: (site) => killAt(site, site.pick(['after-send', 'after-response'])),
  },
  {
    name: 'kill-after-spill',
    numbers: '6',
    what: 'SIGKILL between journal and commit',
    rig: 'processes',
    promised: 'safe',
    inject: async (site) => killBetween(site),
  },
  {
    name: 'kill-after-commit',
    numbers: '7, 8',
    what: 'SIGKILL right after the commit',
    rig: 'processes',
    promised: 'safe',
    inject: async (site) => {
      const name = site.pick(['after-commit', 'before-confirm']);
      // What is committed at once is not written into a journal first, so nothing of it is confirmed.
      if (name === 'before-confirm') await delayCommit(site);
      return killAt(site, name);
    },
  },
  {
    name: 'terminate',
    numbers: '9',
    what: 'SIGTERM in the middle of a refresh',
    rig: 'processes',
    promised: 'safe',
    inject: terminate,
  },
  {
    name: 'block',
    numbers: '10',
    what: 'the event loop is blocked beyond the deadline of the request',
    rig: 'processes',
    promised: 'safe',
    inject: async ({ worker, keys: [key], between }) => {
      if (key === undefined) return injected(false, 'after-send');
      const ms = between(2_300, 3_500);
      const { reached, done } = await meet(worker, key, {
        name: 'after-send',
        action: 'block',
        ms,
      });
      await done;
      return injected(reached, 'after-send');
    },
  },
  {
    name: 'clock-jump',
    numbers: '62',
    what: "a worker's wall clock jumps by an hour or ten years, and back",
    rig: 'processes',
    promised: 'safe',
    inject: clockJump,
  },
];

/** @param {Site} site */
async function delayCommit({ worker, keys: [key] }) {
  const subject = key?.subject ?? '';
  await worker.arm({ name: 'before-commit', action: 'delay', ms: 150, subject });
}

/** The commit waits, so that the journal is what there is when the process dies. @param {Site} site */
async function killBetween(site) {
  const { rig, worker, keys } = site;
  const [key] = keys;
  if (key === undefined) return injected(false, 'after-spill');
  const { subject } = key;
  await worker.arm({ name: 'before-commit', action: 'hold', subject });
  const { reached, done } = await meet(worker, key, { name: 'after-spill', action: 'kill' });
  // Without a journal the process waits at its commit for ever.
  if (!reached) await worker.release();
  else await rig.replaceKilled(worker);
  await done;
  return injected(reached, 'after-spill');
}

/** @param {Site} site */
async function terminate({ rig, worker, keys: [key], between, pick }) {
  if (key === undefined) return injected(false, 'after-send');
  await rig.plan(key.subject, { afterMs: between(100, 800) });
  const name = pick(['before-send', 'after-send', 'after-response', 'after-commit']);
  const action = name === 'before-send' || name === 'after-send' ? 'tell' : 'delay';
  const { reached, done } = await meet(worker, key, { name, action, ms: 300 });
  await rig.replaceTerminated(worker);
  await done;
  return injected(reached, name);
}

const HOUR_MS = 3_600_000;

/** @param {Site} site */
async function clockJump({ rig, worker, keys: [key], pick }) {
  if (key === undefined) return injected(false, 'after-begin');
  const name = pick(['after-begin', 'after-response', 'before-commit']);
  const { reached, done } = await meet(worker, key, { name, action: 'hold' });
  const ms = pick([HOUR_MS, -HOUR_MS, 87_600 * HOUR_MS, -87_600 * HOUR_MS]);
  await worker.jump(ms);
  await worker.release();
  await done;
  const sent = (await rig.ledger(key.subject)).filter(({ grant }) => grant === 'refresh').length;
  if (sent > 1) rig.problems.push(`${sent} requests for ${key.subject} after a jump of the clock`);
  await worker.jump(-ms);
  return injected(reached, name);
}

/** What only a server with a grace leaves a way out of. @type {readonly FaultKind[]} */
export const graceKinds = [
  {
    name: 'stop-long',
    numbers: '2',
    what: 'SIGSTOP when the request has left, until another process has used the refresh token',
    rig: 'processes',
    promised: 'safe',
    inject: async (site) => {
      const { rig, keys, between } = site;
      const takeover = takeoverMs(rig.graceMs);
      const subject = keys[0]?.subject ?? '';
      // Half of them are processed after the other's, so that the late answer holds the living refresh token.
      if (between(0, 1) === 1) await rig.plan(subject, { beforeMs: takeover + 2_000 });
      const injection = await stopAt(site, 'after-send', takeover + between(2_500, 3_500));
      const uses = (await rig.ledger(subject)).filter(({ grant }) => grant === 'refresh');
      if (injection.effective && uses.length < 2)
        return { effective: false, why: 'nobody took over' };
      return injection;
    },
  },
];
