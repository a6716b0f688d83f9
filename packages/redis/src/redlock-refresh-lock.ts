// Whoever compiles these sources from elsewhere needs the types that the package lacks.
// eslint-disable-next-line @typescript-eslint/triple-slash-reference
/// <reference path="./types/redlock.d.ts" />
import { ConfigurationError, type LockAttempt, RefreshLock } from '@oauth-token/core';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import Redlock from 'redlock';
import { duplicateOf, type RedisClient } from './redis-client.js';
import { turnOfWrites } from './turn-of-writes.js';

/** How a lock over Redis is set up. @public */
export interface RedlockRefreshLockOptions {
  /** First part of the names of locks. @defaultValue 'otm:lock' */
  readonly prefix?: string;
  /** Longest wait for the instances, ms. @defaultValue 500 */
  readonly timeoutMs?: number;
}

/** What one attempt works with: no two use it at the same time. */
interface Attempt {
  readonly redlock: Redlock;
  /** The instances that failed in it, and how. */
  readonly failed: Map<RedisClient, string>;
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
  /** Making a `Redlock` costs more than using it. */
  readonly #idle: Attempt[] = [];
  /** Gives locks back: what fails then, however late, says nothing of an attempt. */
  readonly #releaser: Redlock;
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
    const servers = this.#clients.map((client) => serverOf(client, () => undefined));
    this.#releaser = new Redlock(servers, { retryCount: 0 });
    const opened = Promise.all(this.#clients.map(firstConnection));
    this.#opened = Promise.race([opened, sleep(timeoutMs, undefined, { ref: false })]);
  }

  override async tryAcquire(name: string, ttlMs: number): Promise<LockAttempt> {
    await this.#opened;
    const attempt = this.#idle.pop() ?? this.#attempt();
    attempt.failed.clear();
    try {
      const resource = `${this.#prefix}:${name}`;
      const lock = await Promise.resolve(attempt.redlock.acquire(resource, ttlMs));
      return { status: 'acquired', release: () => this.#release(lock) };
    } catch {
      // With a majority of instances in error nobody was asked whether the lock is held.
      const [reason = 'no answer'] = attempt.failed.values();
      const outage = attempt.failed.size >= this.#majority;
      return outage ? { status: 'unavailable', reason } : { status: 'held' };
    } finally {
      this.#idle.push(attempt);
    }
  }

  #attempt(): Attempt {
    const failed = new Map<RedisClient, string>();
    const servers = this.#clients.map((client) =>
      serverOf(client, (error) => {
        failed.set(client, (error as NodeJS.ErrnoException).code ?? error.name);
      }),
    );
    // Its own retries would wait for the lock; whoever needs the token waits for the change instead.
    return { failed, redlock: new CountedRedlock(servers, { retryCount: 0 }) };
  }

  /** A lock that is gone already needs no release, and one that cannot be released ends by itself. */
  async #release(lock: Redlock.Lock): Promise<void> {
    await Promise.resolve(this.#releaser.unlock(lock)).catch(() => undefined);
  }

  override close(): Promise<void> {
    for (const client of this.#clients) client.disconnect();
    return Promise.resolve();
  }
}

/** No other process draws this. */
const PROCESS = randomBytes(16).toString('hex');
let locks = 0;

/** A value is compared with those of other holders alone: a random one for each lock would cost more than sending it. */
class CountedRedlock extends Redlock {
  override _random(): string {
    locks += 1;
    return `${PROCESS}${locks.toString(36)}`;
  }
}

type Reply = (error: Error | null, result?: unknown) => void;

/** An instance as `redlock` uses it, which tells when it fails. */
function serverOf(client: RedisClient, tell: (error: Error) => void) {
  const turn = turnOfWrites(client);
  const noting =
    (reply: Reply): Reply =>
    (error, result) => {
      if (error && !error.message.startsWith('NOSCRIPT')) tell(error);
      reply(error, result);
    };
  return {
    evalsha: (hash: string, args: never[], reply: Reply) => {
      turn.gather();
      return client.evalsha(hash, args as never, noting(reply) as never);
    },
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
