import assert from 'node:assert/strict';
import type { LockAttempt, RefreshLock } from '@oauth-token/core';
import { ManualClock } from '../clock/manual-clock.js';
import type { ContractCase } from './contract-case.js';

/** A lock under test. @public */
export interface LockHandle {
  readonly lock: RefreshLock;
  /** Lets time pass for the lock, ms: moves its clock, or waits. */
  advance(ms: number): Promise<void>;
  close(): Promise<void>;
}

/** Makes a lock for one case. @public */
export type MakeLock = (options: { readonly clock: ManualClock }) => Promise<LockHandle>;

/** Short, so that a lock on real time can be waited for. */
const TTL_MS = 1_000;

const acquired = (attempt: LockAttempt): Extract<LockAttempt, { status: 'acquired' }> => {
  assert.ok(attempt.status === 'acquired', attempt.status);
  return attempt;
};

const CASES: readonly {
  readonly name: string;
  readonly run: (handle: {
    readonly lock: RefreshLock;
    readonly advance: (ms: number) => Promise<void>;
  }) => Promise<void>;
}[] = [
  {
    name: 'is held by one alone',
    run: async ({ lock }) => {
      acquired(await lock.tryAcquire('a', TTL_MS));
      assert.equal((await lock.tryAcquire('a', TTL_MS)).status, 'held');
    },
  },
  {
    name: 'of many tries at once one succeeds',
    run: async ({ lock }) => {
      const tries = Array.from({ length: 20 }, () => lock.tryAcquire('a', TTL_MS));
      const winners = (await Promise.all(tries)).filter(({ status }) => status === 'acquired');
      assert.equal(winners.length, 1);
    },
  },
  {
    name: 'can be taken again once released',
    run: async ({ lock }) => {
      await acquired(await lock.tryAcquire('a', TTL_MS)).release();
      acquired(await lock.tryAcquire('a', TTL_MS));
    },
  },
  {
    name: 'ends by itself after its time, and not before',
    run: async ({ lock, advance }) => {
      acquired(await lock.tryAcquire('a', TTL_MS));
      await advance(TTL_MS / 2);
      assert.equal((await lock.tryAcquire('a', TTL_MS)).status, 'held');
      await advance(TTL_MS / 2 + 50);
      acquired(await lock.tryAcquire('a', TTL_MS));
    },
  },
  {
    name: 'a release after its time does not take it from the next holder',
    run: async ({ lock, advance }) => {
      const late = acquired(await lock.tryAcquire('a', TTL_MS));
      await advance(TTL_MS + 50);
      acquired(await lock.tryAcquire('a', 10 * TTL_MS));
      await late.release();
      assert.equal((await lock.tryAcquire('a', TTL_MS)).status, 'held');
    },
  },
  {
    name: 'a second release does no harm',
    run: async ({ lock }) => {
      const first = acquired(await lock.tryAcquire('a', TTL_MS));
      await first.release();
      acquired(await lock.tryAcquire('a', TTL_MS));
      await first.release();
      assert.equal((await lock.tryAcquire('a', TTL_MS)).status, 'held');
    },
  },
  {
    name: 'names are independent of one another',
    run: async ({ lock }) => {
      const a = acquired(await lock.tryAcquire('a', TTL_MS));
      acquired(await lock.tryAcquire('b', TTL_MS));
      await a.release();
      assert.equal((await lock.tryAcquire('b', TTL_MS)).status, 'held');
      acquired(await lock.tryAcquire('a', TTL_MS));
    },
  },
];

/**
 * What every {@link RefreshLock} keeps: one holder at a time, an end by itself, and releases that never harm.
 *
 * @public
 */
export function refreshLockContract(makeLock: MakeLock): readonly ContractCase[] {
  return CASES.map(({ name, run }) => ({
    name,
    run: async () => {
      const handle = await makeLock({ clock: new ManualClock() });
      try {
        await run({ lock: handle.lock, advance: (ms) => handle.advance(ms) });
      } finally {
        await handle.close();
      }
    },
  }));
}
