/**
 * A process that uses the library as an application does, for faults that a process cannot survive. `MODE` says what becomes of it:
 * `exit` ends it in the middle of a refresh, `replay` goes on where that one was, `failures` lets all go wrong that can.
 */
import {
  defineProvider,
  FileSpillJournal,
  Keyring,
  passwordGrant,
  TokenManager,
  TokenRefresher,
} from '@oauth-token/core';
import { RedisTokenStore } from '@oauth-token/redis';
import { Redis } from 'ioredis';
import { setTimeout as sleep } from 'node:timers/promises';

const { MODE = '', TOKEN_URL = '', REDIS_URL = '', TOKEN_KEYS = '', FOLDER = '' } = process.env;
const LIMIT_MS = 10_000;

/** @param {string} registrationId @param {string} url */
const registration = (registrationId, url) => ({
  registrationId,
  provider: defineProvider({ name: registrationId, endpoints: { token: `${url}/token` } }),
  clientId: 'a-client',
  clientSecret: 'a-secret',
  grant: passwordGrant({ username: 'demo', password: 'demo-password' }),
  allowedOrigins: ['https://api.example.com'],
});

/** @param {string} url @param {string} directory */
function open(url, directory) {
  const client = new Redis(url, { retryStrategy: () => 50 });
  // An outage is one of the things that are tested.
  client.on('error', () => undefined);
  const options = { keys: Keyring.parse(TOKEN_KEYS), commandTimeoutMs: 300, warn: () => undefined };
  const store = new RedisTokenStore(client, options);
  const spill = new FileSpillJournal({ directory });
  const manager = new TokenManager({
    registrations: [registration('acme', TOKEN_URL), registration('nobody', 'http://127.0.0.1:1')],
    store,
    spill,
    timing: { maxWaitMs: 200 },
  });
  const close = async () => {
    await manager.close();
    await spill.close();
    await store.close();
    client.disconnect();
  };
  return { store, manager, close };
}

/** @param {() => Promise<boolean>} holds */
async function until(holds) {
  const deadline = performance.now() + LIMIT_MS;
  while (!(await holds().catch(() => false))) {
    if (performance.now() > deadline) throw new Error('It did not come.');
    await sleep(20);
  }
}

/** The application ends the process when an answer is in the journal, and the store does not have it yet. */
async function exit() {
  const { store, manager } = open(REDIS_URL, FOLDER);
  await manager.start();
  await manager.drain();
  store.commit = async () => {
    await sleep(200);
    process.exit(3);
  };
  await manager.refresh('acme');
}

async function replay() {
  const { manager, close } = open(REDIS_URL, FOLDER);
  await manager.start();
  await until(async () => (await manager.status('acme')).version === 2);
  const { outcome } = await manager.refresh('acme');
  const { version } = await manager.status('acme');
  process.stdout.write(`${outcome} ${version}\n`);
  await close();
}

/** Nobody answers: neither Redis nor a token endpoint, and the journal has no folder. */
async function allAway() {
  const { manager, close } = open('redis://127.0.0.1:1', '/dev/null');
  const refresher = new TokenRefresher(manager);
  await manager.start();
  await manager.getAccessToken('acme').catch(() => undefined);
  await refresher.tick().catch(() => undefined);
  await refresher.stop();
  await close();
}

async function failures() {
  await allAway();
  const { store, manager, close } = open(REDIS_URL, FOLDER);
  manager.events.on('refreshed', () => {
    throw new Error('A listener of the application has failed.');
  });
  const refresher = new TokenRefresher(manager);
  await manager.start();
  await manager.getAccessToken('acme', { signal: AbortSignal.timeout(1) }).catch(() => undefined);
  await manager.drain();
  await manager.getAccessToken('nobody').catch(() => undefined);
  for (let round = 0; round < 6; round += 1) {
    await manager.refresh('acme');
    await refresher.tick();
    await manager.getAccessToken('acme').catch(() => undefined);
    await sleep(50);
  }
  const read = store.read.bind(store);
  store.read = () => Promise.reject(new Error('The store has failed.'));
  await manager.getAccessToken('nobody').catch(() => undefined);
  await manager.refresh('acme').catch(() => undefined);
  store.read = read;
  // Nobody waits for this one.
  void manager.refresh('acme');
  await refresher.stop();
  await close();
  await sleep(200);
  process.stdout.write('done\n');
}

await { exit, replay, failures }[MODE]?.();
