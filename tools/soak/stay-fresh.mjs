import { setTimeout as sleep } from 'node:timers/promises';

import { startDemo } from './demo-process.mjs';
import { judgeFreshness } from './judge.mjs';

/** @typedef {import('./judge.mjs').CallRecord} CallRecord */

const LIFETIME_SECONDS = 10;

/** The demo's default registrations, and the sandbox's dialect of each. */
const DIALECTS = { '2ba': '2ba', veeam: 'veeam', empowerid: 'empowerid' };

/**
 * @param {string} url
 * @param {string} method
 * @param {unknown} [body]
 * @returns {Promise<{ status: number, body: any }>}
 */
async function request(url, method, body) {
  const answer = await fetch(url, {
    method,
    headers: { 'content-type': 'application/json' },
    signal: AbortSignal.timeout(10_000),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, body: text.startsWith('{') ? JSON.parse(text) : undefined };
}

/** Makes short tokens the rule, and has each registration fetch one. @param {import('./demo-process.mjs').DemoProcess} demo */
async function shortenTokens({ sandboxUrl, demoUrl }) {
  await request(`${sandboxUrl}/_sandbox/settings`, 'PUT', {
    accessTokenLifetimeSeconds: LIFETIME_SECONDS,
  });
  await request(`${sandboxUrl}/_sandbox/ledger`, 'DELETE');
  for (const registrationId of Object.keys(DIALECTS)) {
    const { status } = await request(`${demoUrl}/tokens/${registrationId}/refresh`, 'POST');
    if (status >= 300) throw new Error(`The refresh of ${registrationId} answered ${status}`);
  }
}

/**
 * @param {import('./demo-process.mjs').DemoProcess} demo
 * @param {string} registrationId
 * @param {string} dialect
 * @returns {Promise<CallRecord>}
 */
async function call({ sandboxUrl, demoUrl }, registrationId, dialect) {
  const at = Date.now();
  const start = performance.now();
  const url = `${sandboxUrl}/${dialect}/api/ping`;
  const { status, body } = await request(`${demoUrl}/call`, 'POST', { registrationId, url }).catch(
    () => ({ status: 0, body: undefined }),
  );
  const milliseconds = performance.now() - start;
  return {
    at,
    registrationId,
    status,
    apiStatus: body?.status,
    attempts: body?.attempts,
    milliseconds,
  };
}

/**
 * Lets the demo run with tokens of ten seconds and one call per registration and second.
 *
 * @param {{ seconds: number }} options
 * @returns {Promise<import('./judge.mjs').Judgement>}
 */
export async function stayFresh({ seconds }) {
  const demo = await startDemo();
  try {
    await shortenTokens(demo);
    /** @type {Promise<CallRecord>[]} */
    const calls = [];
    const end = performance.now() + seconds * 1000;
    while (performance.now() < end && demo.running()) {
      for (const [id, dialect] of Object.entries(DIALECTS)) calls.push(call(demo, id, dialect));
      await sleep(1000);
    }
    const records = await Promise.all(calls);
    const until = Date.now();
    const { body } = await request(`${demo.sandboxUrl}/_sandbox/ledger`, 'GET');
    const run = { items: body?.items ?? [], calls: records, dialects: DIALECTS };
    const judgement = judgeFreshness({ ...run, lifetimeMs: LIFETIME_SECONDS * 1000, until });
    if (judgement.problems.length > 0) console.log(demo.output().split('\n').slice(-60).join('\n'));
    return judgement;
  } finally {
    await demo.stop();
  }
}
