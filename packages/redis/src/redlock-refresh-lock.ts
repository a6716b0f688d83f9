// Whoever compiles these sources from elsewhere needs the types that the package lacks.
// eslint-disable-next-line @typescript-eslint/triple-slash-reference
/// <reference path="./types/redlock.d.ts" />
import { ConfigurationError, type LockAttempt, RefreshLock } from '@oauth-token/core';
import { setTimeout as sleep } from 'node:timers/promises';
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
  readonly #opened: Promise<unknown>;
  readonly #prefix: string;
  readonly #majority: number;

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
    const opened = Promise.all(this.#clients.map(firstConnection));
    this.#opened = Promise.race([opened, sleep(timeoutMs, undefined, { ref: false })]);
  }

  override async tryAcquire(name: string, ttlMs: number): Promise<LockAttempt> {
    await this.#opened;
    const failed = new Map<RedisClient, string>();
    const servers = this.#clients.map((client) => watched(client, failed));
    // Its own retries would wait for the lock; whoever needs the token waits for the change instead.
    const redlock = new Redlock(servers, { retryCount: 0 });
    try {
      const lock = await Promise.resolve(redlock.acquire(`${this.#prefix}:${name}`, ttlMs));
      return { status: 'acquired', release: () => release(lock) };
    } catch {
      // With a majority of instances in error nobody was asked whether the lock is held.
      const [reason = 'no answer'] = failed.values();
      return failed.size >= this.#majority ? { status: 'unavailable', reason } : { status: 'held' };
    }
  }

  override close(): Promise<void> {
    for (const client of this.#clients) client.disconnect();
    return Promise.resolve();
  }
}

type Reply = (error: Error | null, result?: unknown) => void;

/** An instance as `redlock` uses it, noting whether it fails: once, however often it is asked in one attempt. */
function watched(client: RedisClient, failed: Map<RedisClient, string>) {
  const noting =
    (reply: Reply): Reply =>
    (error, result) => {
      if (error && !error.message.startsWith('NOSCRIPT')) {
        failed.set(client, (error as NodeJS.ErrnoException).code ?? error.name);
      }
      reply(error, result);
    };
  return {
    evalsha: (hash: string, args: never[], reply: Reply) =>
      client.evalsha(hash, args as never, noting(reply) as never),
    eval: (args: never[], reply: Reply) => client.eval(args as never, noting(reply) as never),
  };
}

/** Settles when a client has connected for the first time, or has failed to: until then it takes no commands. */
function firstConnection(client: RedisClient): Promise<void> {
  return new Promise((resolve) => {
    for (const event of ['ready', 'close'] as const) {
      client.once(event, () => {
        resolve();
      });
    }
    if (client.status === 'wait') client.connect().catch(() => undefined);
  });
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
