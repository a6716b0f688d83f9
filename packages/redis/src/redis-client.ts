import { ConfigurationError, StoreUnavailableError } from '@oauth-token/core';
import type { Cluster, Redis } from 'ioredis';
import type { RedisScript } from './redis-scripts.js';

/** A client of ioredis 5 or 6: single node, Sentinel or Cluster. @public */
export type RedisClient = Redis | Cluster;

/** Settings of a connection that differ from its original's. @internal */
export interface ConnectionSettings {
  readonly enableOfflineQueue: boolean;
  readonly maxRetriesPerRequest: number;
  readonly autoResendUnfulfilledCommands: boolean;
  readonly commandTimeout: number;
  readonly connectTimeout: number;
}

/** Another connection like a client's. @internal */
export function duplicateOf(client: RedisClient, settings?: ConnectionSettings): RedisClient {
  if (settings === undefined) return (client as Redis).duplicate();
  const { enableOfflineQueue, ...redisOptions } = settings;
  const duplicate = client.isCluster
    ? (client as Cluster).duplicate(undefined, { enableOfflineQueue, redisOptions })
    : (client as Redis).duplicate(settings);
  return duplicate;
}

/** What an argument of a command may be. @internal */
export type RedisArgument = string | number | Buffer;

/** Errors that will not go away by waiting: the settings are wrong. */
const FATAL =
  /^(NOAUTH|WRONGPASS|NOPERM|ERR (AUTH|The user executing the script|invalid password|Client sent AUTH|unknown user))/;

/**
 * Sends commands and scripts, each within a deadline, and tells wrong settings from a store that is away.
 *
 * @internal
 */
export class RedisCommands {
  constructor(
    private readonly client: RedisClient,
    private readonly timeoutMs: number,
  ) {}

  /** @throws {@link StoreUnavailableError}, {@link ConfigurationError} */
  async call(command: string, ...args: RedisArgument[]): Promise<unknown> {
    return this.within(command, this.client.call(command, ...args));
  }

  /** All fields of a hash, binary. */
  async fieldsOf(key: string): Promise<ReadonlyMap<string, Buffer>> {
    const asked: Promise<Record<string, Buffer>> = (this.client as Redis).hgetallBuffer(key);
    const reply = (await this.within('HGETALL', asked)) as Record<string, Buffer>;
    return new Map(Object.entries(reply));
  }

  /** Runs a script by its digest; its source is sent only to a server that does not know it. */
  async run(
    script: RedisScript,
    keys: readonly string[],
    args: readonly RedisArgument[],
  ): Promise<unknown> {
    const rest = [keys.length, ...keys, ...args];
    try {
      return await this.call('EVALSHA', script.sha, ...rest);
    } catch (error) {
      if (!isNoScript(error)) throw error;
      return this.call('EVAL', script.source, ...rest);
    }
  }

  /** An answer within the deadline. */
  async within(command: string, reply: Promise<unknown>): Promise<unknown> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        reject(
          new StoreUnavailableError(`Redis did not answer ${command} within ${this.timeoutMs} ms.`),
        );
      }, this.timeoutMs);
    });
    try {
      return await Promise.race([reply, late]);
    } catch (error) {
      throw isNoScript(error) ? error : toStoreError(command, error);
    } finally {
      clearTimeout(timer);
    }
  }
}

const isNoScript = (error: unknown): boolean =>
  error instanceof Error && error.message.startsWith('NOSCRIPT');

/** The error of a command as ours: its text never holds an argument. @internal */
export function toStoreError(
  command: string,
  error: unknown,
): StoreUnavailableError | ConfigurationError {
  if (error instanceof StoreUnavailableError || error instanceof ConfigurationError) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (FATAL.test(message)) {
    const what = message.slice(0, 200);
    return new ConfigurationError([
      { path: 'store', message: `Redis refuses ${command}: ${what}` },
    ]);
  }
  // What Redis says begins with a word of its own; the rest may repeat arguments.
  const word = /^[A-Z]{2,}\b/.exec(message)?.[0] ?? (error as { code?: string }).code;
  return new StoreUnavailableError(`Redis did not take ${command} (${word ?? 'no answer'}).`);
}
