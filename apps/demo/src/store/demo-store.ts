import { Logger, type OnApplicationShutdown } from '@nestjs/common';
import {
  ConfigurationError,
  type ConfigurationProblem,
  FileSpillJournal,
  type RefreshLock,
  type SpillJournal,
  type TokenStore,
} from '@oauth-token/core';
import { RedisTokenStore, RedlockRefreshLock } from '@oauth-token/redis';
import { type StoreSettings, urlPath } from '../settings/store-settings.js';
import { RedisConnection } from './redis-connection.js';

/** Where the tokens of this replica are kept: in Redis, or in the library's own memory. Closes what it has opened. */
export class DemoStore implements OnApplicationShutdown {
  /** Absent: in memory. */
  readonly store?: TokenStore;
  readonly lock?: RefreshLock;
  /** Absent: where the library chooses. */
  readonly spill?: SpillJournal;
  /** For people. */
  readonly description: string = 'Tokens in memory: they end with this process';
  readonly #connections: readonly RedisConnection[] = [];

  private constructor(settings?: StoreSettings, connections: readonly RedisConnection[] = []) {
    if (settings === undefined) return;
    const { keys, prefix, spillDirectory } = settings;
    if (spillDirectory !== undefined) {
      this.spill = new FileSpillJournal({ directory: spillDirectory });
    }
    const clients = connections.map(({ client }) => client);
    const [first] = clients;
    if (first === undefined) return;
    this.#connections = connections;
    const logger = new Logger('Redis');
    this.store = new RedisTokenStore(first, {
      ...(keys === undefined ? { insecurePlaintext: true } : { keys }),
      ...(prefix === undefined ? {} : { prefix }),
      warn: (message) => {
        logger.warn(message);
      },
    });
    this.lock = new RedlockRefreshLock(
      clients,
      prefix === undefined ? {} : { prefix: `${prefix}:lock` },
    );
    const sealing = keys === undefined ? 'READABLE' : `sealed with key ${keys.primaryKid}`;
    const servers = connections.map(({ server }) => server);
    this.description = `Tokens in Redis on ${servers[0]}, ${sealing}; lock over ${servers.join(', ')}`;
  }

  /**
   * Connects to every server. One that cannot be reached now is warned of and found later.
   *
   * @throws {@link ConfigurationError} naming each server that refuses us
   */
  static async open(settings?: StoreSettings): Promise<DemoStore> {
    if (settings === undefined) return new DemoStore();
    const { urls } = settings;
    const connections = urls.map((url) => new RedisConnection(url));
    try {
      const refusals = await Promise.all(connections.map((connection) => connection.refusal()));
      const problems = refusals.flatMap((why, index): ConfigurationProblem[] => {
        if (why === undefined) return [];
        const message = `${connections[index]?.server} refuses us: ${why}`;
        return [{ path: urlPath(index, urls.length), message }];
      });
      if (problems.length > 0) throw new ConfigurationError(problems);
      return new DemoStore(settings, connections);
    } catch (error) {
      for (const connection of connections) connection.close();
      throw error;
    }
  }

  /** Whether the store answers. */
  async answers(): Promise<boolean> {
    if (this.store === undefined) return true;
    return this.store.time().then(
      () => true,
      () => false,
    );
  }

  /** Called by Nest after the library has ended its last renewal: see {@link StoreModule}. */
  onApplicationShutdown(): Promise<void> {
    return this.close();
  }

  async close(): Promise<void> {
    await this.lock?.close();
    await this.spill?.close();
    await this.store?.close();
    for (const connection of this.#connections) connection.close();
  }
}
