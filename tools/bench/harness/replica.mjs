import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { FileSpillJournal, TokenManager } from '@oauth-token/core';
import { RedlockRefreshLock } from '@oauth-token/redis';

import { openStore, registrationAt } from './fleet.mjs';

/**
 * One replica of a service with everything on, started.
 *
 * @param {import('ioredis').Redis} redis
 * @param {string} tokenUrl
 * @param {string} [tokenKeys]
 */
export async function openReplica(redis, tokenUrl, tokenKeys) {
  const store = openStore(redis, tokenKeys === undefined ? {} : { tokenKeys });
  const lock = new RedlockRefreshLock([redis]);
  const registrations = [registrationAt(tokenUrl)];
  const directory = await mkdtemp(join(tmpdir(), 'oauth-token-bench-'));
  const spill = new FileSpillJournal({ directory });
  const manager = new TokenManager({ registrations, store, lock, spill });
  await manager.start();
  const close = async () => {
    await manager.close();
    await spill.close();
    await rm(directory, { recursive: true });
    await lock.close();
    await store.close();
  };
  return { manager, store, close };
}

/**
 * Refreshes by hand.
 *
 * @param {TokenManager} manager @param {import('@oauth-token/core').TokenKey} key
 * @throws an Error unless it brought new tokens
 */
export async function refresh(manager, key) {
  const result = await manager.refresh(key);
  if (result.outcome !== 'refreshed') throw new Error(`A refresh failed: ${result.message}`);
}
