import { clearInterval } from 'node:timers';

import {
  defineProvider,
  Keyring,
  passwordGrant,
  TokenManager,
  TokenRefresher,
} from '@oauth-token/core';
import { RedlockRefreshLock } from '@oauth-token/redis';
import { Redis } from 'ioredis';

import { answerCalls } from '../harness/calls.mjs';
import { Failpoints } from './failpoints.mjs';
import { openJournal } from './journal.mjs';
import { FailpointStore, FailpointTransport, JumpingClock } from './ports.mjs';

/**
 * What a worker is started with.
 *
 * @typedef {object} WorkerOptions
 * @property {string} name of this very process
 * @property {string} redisUrl
 * @property {readonly string[]} lockUrls
 * @property {string} tokenUrl the token endpoint as it is configured
 * @property {string} link the same through the worker's own link
 * @property {string} tokenKeys
 * @property {number} graceMs 0 for a strict server
 * @property {string} journalFolder
 * @property {boolean} sweeps whether it renews what falls due
 */

/** How often the sweep looks, ms: what falls due before that has a timer of its own. */
const TICK_MS = 1_000;

/** The events that an operator hears of. */
const ANNOUNCED = /** @type {const} */ ([
  'orphanFound',
  'reauthorizationRequired',
  'refreshFailed',
]);

/** @type {import('./failpoints.mjs').Report} */
const report = (message, sent) => {
  if (process.connected) process.send?.({ report: message }, undefined, undefined, sent);
};

const failpoints = new Failpoints(report);
const clock = new JumpingClock();
/** @type {TokenManager} */
let manager;
/** @type {() => Promise<void>} */
let close = () => Promise.resolve();

/** @param {Pick<WorkerOptions, 'tokenUrl' | 'graceMs'>} options */
function registrationsAt({ tokenUrl, graceMs }) {
  const provider = defineProvider({
    name: 'rig',
    endpoints: { token: tokenUrl },
    rotation: { refreshTokenReuse: graceMs === 0 ? 'strict' : { graceMs } },
  });
  const client = {
    provider,
    clientId: 'rig',
    clientSecret: 'rig-secret',
    allowedOrigins: ['https://api.example.com'],
  };
  return [
    { ...client, registrationId: 'plain' },
    {
      ...client,
      registrationId: 'login',
      /** @param {{ subject?: string }} key */
      grantFor: ({ subject = '' }) =>
        Promise.resolve(passwordGrant({ username: subject, password: 'rig-password' })),
    },
  ];
}

/** A client that goes on for ever to look for its server, which says so on stderr. @param {string} url */
function connect(url) {
  const redis = new Redis(url, { retryStrategy: (times) => Math.min(50 * times, 250) });
  redis.on('error', () => undefined);
  return redis;
}

/** @param {WorkerOptions} options */
async function start(options) {
  const clients = [options.redisUrl, ...options.lockUrls].map(connect);
  const [redis, ...others] = /** @type {[Redis, ...Redis[]]} */ (clients);
  const keys = Keyring.parse(options.tokenKeys);
  const store = new FailpointStore(failpoints, report, redis, {
    keys,
    clock,
    warn: () => undefined,
  });
  const lock = new RedlockRefreshLock([redis, ...others]);
  const transport = new FailpointTransport(failpoints, {
    link: options.link,
    worker: options.name,
    clock,
  });
  const journal = openJournal(failpoints, report, {
    directory: options.journalFolder,
    subjectOf: (id) => store.subjectOf(id),
  });
  const registrations = registrationsAt(options);
  manager = new TokenManager({ registrations, store, lock, transport, clock, spill: journal });
  for (const name of ANNOUNCED) {
    manager.events.on(name, (/** @type {any} */ { subject, at, code }) => {
      report({ kind: 'event', name, subject, at, code });
    });
  }
  await manager.start();
  const refresher = options.sweeps ? new TokenRefresher(manager) : undefined;
  const ticks = setInterval(() => void refresher?.tick().catch(() => undefined), TICK_MS);
  close = async () => {
    clearInterval(ticks);
    await refresher?.stop();
    await manager.close();
    await journal.close();
    await lock.close();
    await store.close();
    for (const client of clients) client.disconnect();
    await transport.close();
  };
}

process.on('SIGTERM', () => {
  void close().finally(() => process.exit(0));
});

answerCalls({
  start,
  /** Renews one key by hand. @param {import('@oauth-token/core').TokenKey} key */
  refresh: (key) => manager.refresh(key),
  /** @param {import('./failpoints.mjs').Failpoint} failpoint */
  arm: (failpoint) => failpoints.arm(failpoint),
  release: () => failpoints.release(),
  /** @param {number} ms */
  jump: (ms) => clock.jump(ms),
});
