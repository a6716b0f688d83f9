import { setTimeout as sleep } from 'node:timers/promises';

import { TIMEOUT_MS } from '../harness/rig.mjs';
import { injected, meet } from './fault-kind.mjs';

/** @typedef {import('./fault-kind.mjs').FaultKind} FaultKind */
/** @typedef {import('./fault-kind.mjs').Site} Site */
/** @typedef {import('../server/main.mjs').ServerFault} ServerFault */

/** The server does something with a request that has reached it. @param {Site} site @param {ServerFault} fault */
async function serve({ rig, worker, keys: [key] }, fault) {
  if (key === undefined) return injected(false, 'the request');
  await rig.plan(key.subject, fault);
  await worker.refresh(key);
  const met = (await rig.ledger(key.subject)).some(({ grant }) => grant === 'refresh');
  return injected(met, 'the request');
}

/** The link to the server swallows everything from some moment on. @param {Site} site */
async function halfOpen({ rig, worker, keys: [key], pick }) {
  if (key === undefined) return injected(false, 'after-send');
  const answer = pick([true, false]);
  if (answer) {
    await rig.plan(key.subject, { afterMs: 500 });
    const { reached, done } = await meet(worker, key, { name: 'after-send', action: 'tell' });
    await sleep(150);
    const from = Date.now();
    worker.tokenLink.swallow(true);
    await done;
    worker.tokenLink.swallow(false);
    rig.facts.outages.push({ worker: worker.name, from, to: Date.now() });
    return injected(reached, 'after-send');
  }
  const { reached, done } = await meet(worker, key, { name: 'after-begin', action: 'hold' });
  worker.tokenLink.swallow(true);
  await worker.release();
  await done;
  worker.tokenLink.swallow(false);
  return injected(reached, 'after-begin');
}

/** @param {Site} site */
async function duplicate({ rig, worker, keys: [key] }) {
  if (key === undefined) return injected(false, 'the request');
  // Where the newest replay wins, whoever's network repeats a request has lost.
  await rig.plan(key.subject, { replay: 'all' });
  void rig.doubler.duplicateNext(`refresh_token=${key.subject}%7E`);
  await worker.refresh(key);
  await sleep(100);
  const requests = (await rig.ledger(key.subject)).map(({ request }) => request);
  const twice = requests.some((each, index) => requests.indexOf(each) !== index);
  return injected(twice, 'a copy of the request');
}

/** @type {readonly FaultKind[]} */
export const serverKinds = [
  {
    name: 'late-answer',
    numbers: '18',
    what: 'the server answers after the deadline',
    rig: 'processes',
    promised: 'unanswered',
    logsIn: true,
    inject: (site) => serve(site, { afterMs: TIMEOUT_MS + site.between(100, 1_500) }),
  },
  {
    name: 'reset',
    numbers: '19',
    what: 'the connection is reset after the request, processed or not',
    rig: 'processes',
    promised: 'unanswered',
    inject: (site) => serve(site, { ending: site.pick(['reset', 'resetUnprocessed']) }),
  },
  {
    name: 'half-open',
    numbers: '20',
    what: 'the network swallows the request, or its answer, and nobody hangs up',
    rig: 'processes',
    promised: 'unanswered',
    inject: halfOpen,
  },
  {
    name: 'error-after',
    numbers: '23',
    what: 'a gateway answers 500 with HTML after the server has processed',
    rig: 'processes',
    promised: 'unanswered',
    inject: (site) => serve(site, { ending: 'error' }),
  },
  {
    name: 'duplicate',
    numbers: '29',
    what: 'the network sends the request twice',
    rig: 'processes',
    promised: 'unanswered',
    inject: duplicate,
  },
];
