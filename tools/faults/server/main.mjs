import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { URLSearchParams } from 'node:url';

import { answerCalls } from '../harness/calls.mjs';
import { Families, familyOf, subjectOf } from './families.mjs';

/** @typedef {import('./families.mjs').LedgerEntry} LedgerEntry */
/** @typedef {import('node:http').ServerResponse} Response */

/**
 * What becomes of the next token request of a subject.
 *
 * @typedef {object} ServerFault
 * @property {number} [beforeMs] how long it lies before it is processed
 * @property {number} [afterMs] how long it lies from then until it is answered
 * @property {'answer' | 'reset' | 'error' | 'resetUnprocessed'} [ending] `error`: a 500 of a gateway after processing
 * @property {import('./families.mjs').ReplayPolicy} [replay] for this subject from now on
 */

/** The access tokens that are issued here live long: a key is renewed only when the rig has it renewed. */
const LIFETIME_SECONDS = 3_600;

/** How long a request takes that nothing goes wrong with, ms. */
const USUAL_MS = 15;

let families = new Families();
/** @type {LedgerEntry[]} */
const ledger = [];
/** @type {Map<string, ServerFault>} */
const faults = new Map();
/** @type {Map<string, import('./families.mjs').ReplayPolicy>} */
const policies = new Map();

/** @param {LedgerEntry} entry */
function processEntry(entry) {
  const { grant, subject, sent = '' } = entry;
  const processed =
    grant === 'login' ? families.login(subject) : families.refresh(sent, policies.get(subject));
  Object.assign(entry, processed, { processedAt: Date.now() });
}

/** @param {LedgerEntry} entry @param {Response} response @param {ServerFault} fault */
function answer(entry, response, { ending = 'answer' }) {
  if (ending === 'reset') {
    response.socket?.resetAndDestroy();
    return;
  }
  if (ending === 'error') {
    response.writeHead(500, { 'content-type': 'text/html' }).end('<h1>Bad gateway</h1>');
    return;
  }
  response.on('finish', () => (entry.answeredAt = Date.now()));
  const body =
    entry.issued === undefined
      ? { error: 'invalid_grant' }
      : {
          access_token: `access-${entry.issued}`,
          token_type: 'Bearer',
          expires_in: LIFETIME_SECONDS,
          refresh_token: entry.issued,
        };
  response.writeHead(entry.issued === undefined ? 400 : 200, {
    'content-type': 'application/json',
  });
  response.end(JSON.stringify(body));
}

/** @param {import('node:http').IncomingMessage} request @param {Response} response @param {string} body */
async function serve({ headers }, response, body) {
  const parameters = new URLSearchParams(body);
  const sent = parameters.get('refresh_token') ?? undefined;
  const family = familyOf(sent ?? '');
  const subject = sent === undefined ? (parameters.get('username') ?? '') : subjectOf(family);
  /** @type {LedgerEntry} */
  const entry = {
    at: Date.now(),
    grant: sent === undefined ? 'login' : 'refresh',
    subject,
    family,
    worker: String(headers['x-rig-worker']),
    request: String(headers['x-rig-request']),
    outcome: 'unprocessed',
    ...(sent === undefined ? {} : { sent }),
  };
  ledger.push(entry);
  const fault = faults.get(subject) ?? {};
  faults.delete(subject);
  if (fault.ending === 'resetUnprocessed') {
    response.socket?.resetAndDestroy();
    return;
  }
  await sleep(fault.beforeMs ?? USUAL_MS);
  processEntry(entry);
  if (fault.afterMs !== undefined) await sleep(fault.afterMs);
  answer(entry, response, fault);
}

const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  let body = '';
  request.on('error', () => undefined);
  request.setEncoding('utf8').on('data', (chunk) => (body += chunk));
  request.on('end', () => void serve(request, response, body));
});

answerCalls({
  /** @param {{ graceMs: number }} options @returns {Promise<number>} its port */
  listen: (options) => {
    families = new Families(options);
    return new Promise((resolve) => {
      server.listen(0, '127.0.0.1', () => {
        resolve(/** @type {import('node:net').AddressInfo} */ (server.address()).port);
      });
    });
  },
  /** A login by the rig itself. @param {string} subject @returns {string | undefined} its refresh token */
  login: (subject) => {
    const { family, issued, outcome } = families.login(subject);
    const at = Date.now();
    const entry = {
      at,
      grant: /** @type {const} */ ('login'),
      subject,
      family,
      request: '',
      outcome,
    };
    ledger.push({
      ...entry,
      worker: 'rig',
      processedAt: at,
      answeredAt: at,
      ...(issued === undefined ? {} : { issued }),
    });
    return issued;
  },
  /** @param {{ subject: string, fault: ServerFault }} plan */
  plan: ({ subject, fault }) => {
    faults.set(subject, fault);
    if (fault.replay !== undefined) policies.set(subject, fault.replay);
  },
  /** @param {string} [subject] @returns {LedgerEntry[]} */
  ledger: (subject) =>
    subject === undefined ? ledger : ledger.filter((entry) => entry.subject === subject),
});
