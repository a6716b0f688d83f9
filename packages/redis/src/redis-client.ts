import { ConfigurationError, StoreUnavailableError } from '@oauth-token/core';
import type { Cluster, Redis } from 'ioredis';
import type { RedisScript } from './redis-scripts.js';
import { type TurnOfWrites, turnOfWrites } from './turn-of-writes.js';

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

/** All of these are there; the types of ioredis leave some out. */
type ScriptMethods = Readonly<
  Record<
    'evalsha' | 'evalshaBuffer' | 'eval' | 'evalBuffer',
    (script: string, keys: number, ...rest: RedisArgument[]) => Promise<unknown>
  >
>;

/** Errors that will not go away by waiting: the settings are wrong. */
const FATAL =
  /^(NOAUTH|WRONGPASS|NOPERM|ERR (AUTH|The user executing the script|invalid password|Client sent AUTH|unknown user))/;

/**
 * Sends commands and scripts, each within a deadline, and tells wrong settings from a store that is away.
 *
 * @internal
 */
export class RedisCommands {
  readonly #turn: TurnOfWrites;

  constructor(
    private readonly client: RedisClient,
    private readonly timeoutMs: number,
  ) {
    this.#turn = turnOfWrites(client);
  }

  /** @throws {@link StoreUnavailableError}, {@link ConfigurationError} */
  call(command: string, ...args: RedisArgument[]): Promise<unknown> {
    this.#turn.gather();
    return this.within(command, this.client.call(command, ...args));
  }

  /** Runs a script by its digest; its source is sent only to a server that does not know it. */
  run(
    script: RedisScript,
    keys: readonly string[],
    args: readonly RedisArgument[],
    answer: 'text' | 'binary' = 'text',
  ): Promise<unknown> {
    const send = (command: 'evalsha' | 'eval', name: string): Promise<unknown> => {
      // Under auto pipelining `callBuffer` loses the name of its command; these do not.
      const method = answer === 'text' ? command : (`${command}Buffer` as const);
      this.#turn.gather();
      const client = this.client as unknown as ScriptMethods;
      const reply = client[method](name, keys.length, ...keys, ...args);
      return this.within(command.toUpperCase(), reply);
    };
    return send('evalsha', script.sha).catch((error: unknown) => {
      if (!isNoScript(error)) throw error;
      return send('eval', script.source);
    });
  }

  /** An answer within the deadline. */
  within(command: string, reply: Promise<unknown>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        const message = `Redis did not answer ${command} within ${this.timeoutMs} ms.`;
        reject(new StoreUnavailableError(message));
      }, this.timeoutMs);
      reply.then(
        (answer) => {
          clearTimeout(timer);
          if (isQueued(answer)) reject(new StoreUnavailableError(QUEUED));
          else resolve(answer);
        },
        (error: unknown) => {
          clearTimeout(timer);
          reject(isNoScript(error) ? error : toStoreError(command, error));
        },
      );
    });
  }
}

/** Nothing that is asked for here answers this word. */
const isQueued = (answer: unknown): boolean =>
  answer === 'QUEUED' || (Buffer.isBuffer(answer) && answer.equals(QUEUED_BYTES));

const QUEUED_BYTES = Buffer.from('QUEUED');

const QUEUED = 'Redis put a command off: the client has a transaction open (MULTI).';

const isNoScript = (error: unknown): error is Error =>
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
