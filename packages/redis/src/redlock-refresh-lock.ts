// Whoever compiles these sources from elsewhere needs the types that the package lacks.
// eslint-disable-next-line @typescript-eslint/triple-slash-reference
/// <reference path="./types/redlock.d.ts" />
import { ConfigurationError, type LockAttempt, RefreshLock } from '@oauth-token/core';
import Redlock from 'redlock';
import { duplicateOf, type RedisClient } from './redis-client.js';

/** How a lock over Redis is set up. @public */
export interface RedlockRefreshLockOptions {
  /** First part of the names of locks. @defaultValue 'otm:lock' */
  readonly prefix?: string;
  /** Longest wait for the instances, ms. @defaultValue 500 */
  readonly timeoutMs?: number;
}

/**
 * A lock over one, or an odd number of at least three, independent Redis instances, by the `redlock` package.
 *
 * It runs on duplicates of the clients, set so that a dead or frozen instance fails soon. `redlock` waits for no lock here, and it does
 * not tell an outage from contention: its instances' errors do.
 *
 * @public
 */
export class RedlockRefreshLock extends RefreshLock {
  readonly #clients: RedisClient[];
  readonly #redlock: Redlock;
  readonly #prefix: string;
  readonly #majority: number;
  /** Grows with each error of an instance. */
  #errors = 0;
  #lastError = 'no answer';

  /** @throws {@link ConfigurationError} for an even number of instances */
  constructor(instances: readonly RedisClient[], options: RedlockRefreshLockOptions = {}) {
    super();
    const { prefix = 'otm:lock', timeoutMs = 500 } = options;
    if (instances.length % 2 === 0) {
      const message = `has ${instances.length} Redis instances; a majority needs 1, or an odd number of at least 3.`;
      throw new ConfigurationError([{ path: 'lock', message }]);
    }
    this.#prefix = prefix;
    this.#majority = (instances.length + 1) / 2;
    this.#clients = instances.map((client) => lockClient(client, timeoutMs));
    // Its own retries would wait for the lock; whoever needs the token waits for the change instead.
    this.#redlock = new Redlock(this.#clients, { retryCount: 0 });
    this.#redlock.on('clientError', (error) => {
      this.#errors += 1;
      this.#lastError = (error as NodeJS.ErrnoException).code ?? error.name;
    });
  }

  override async tryAcquire(name: string, ttlMs: number): Promise<LockAttempt> {
    const errorsBefore = this.#errors;
    try {
      const lock = await Promise.resolve(this.#redlock.acquire(`${this.#prefix}:${name}`, ttlMs));
      return { status: 'acquired', release: () => release(lock) };
    } catch {
      // With a majority of errors nobody was asked whether the lock is held.
      return this.#errors - errorsBefore >= this.#majority
        ? { status: 'unavailable', reason: this.#lastError }
        : { status: 'held' };
    }
  }

  override close(): Promise<void> {
    for (const client of this.#clients) client.disconnect();
    return Promise.resolve();
  }
}

/** A lock that is gone already needs no release, and one that cannot be released ends by itself. */
async function release(lock: Redlock.Lock): Promise<void> {
  await Promise.resolve(lock.unlock()).catch(() => undefined);
}

function lockClient(client: RedisClient, timeoutMs: number): RedisClient {
  const settings = {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 1,
    autoResendUnfulfilledCommands: false,
    commandTimeout: timeoutMs,
    connectTimeout: Math.max(timeoutMs, 1_000),
  };
  const duplicate = duplicateOf(client, settings);
  duplicate.on('error', () => undefined);
  return duplicate;
}
