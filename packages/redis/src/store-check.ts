import { ConfigurationError, isStoreUnavailableError } from '@oauth-token/core';
import type { RedisCommands } from './redis-client.js';
import { RECORD_FORMAT } from './meta-codec.js';
import type { RedisKeys } from './redis-keys.js';
import { SET_ONCE, TRY_RIGHTS } from './redis-scripts.js';

/** What all processes over one store must agree on. @internal */
export interface StoreSettings {
  readonly shards: number;
  /** Check value of the key of ids, which does not tell the key. */
  readonly idKey: string;
}

/**
 * Checks at boot that the store was made with the same settings, that the client has the rights it needs, and that the server will keep
 * what it is given.
 *
 * @internal
 */
export class StoreCheck {
  #done = false;
  #agreed = false;
  #agreeing: Promise<void> | undefined;

  constructor(
    private readonly commands: RedisCommands,
    private readonly keys: RedisKeys,
    private readonly settings: StoreSettings,
    private readonly warn: (message: string) => void,
    private readonly trouble: () => string | undefined,
  ) {}

  /** @throws {@link ConfigurationError}; a server that cannot be reached is warned of and checked at a later call */
  async run(): Promise<void> {
    if (this.#done) return;
    try {
      await this.ensure();
      await this.#durability();
      this.#done = true;
    } catch (error) {
      if (!isStoreUnavailableError(error)) throw error;
      const trouble = this.trouble();
      const why = trouble === undefined ? '' : ` The connection fails with ${trouble}.`;
      this.warn(`${error.message}${why} The token store is used as soon as it can be reached.`);
    }
  }

  /** Whether the store is known to be ours and usable. */
  get agreed(): boolean {
    return this.#agreed;
  }

  /** A server that was away may have come back as another one. */
  doubt(): void {
    this.#agreed = false;
  }

  /** Makes up, before a store is used, for a check that could not be made at its start. */
  async ensure(): Promise<void> {
    if (this.#agreed) return;
    this.#agreeing ??= this.#rights()
      .then(() => this.#agree())
      .finally(() => {
        this.#agreeing = undefined;
      });
    await this.#agreeing;
    this.#agreed = true;
  }

  async #rights(): Promise<void> {
    const { trials, channel } = this.keys;
    const [hash = '', set = ''] = trials;
    const asked = ['EVAL', TRY_RIGHTS.source, trials.length, ...trials, channel] as const;
    const refused = (await this.commands.call(...asked)) as string[];
    if (refused.length > 0) {
      const message = `Redis refuses ${refused.join(', ')}.`;
      throw new ConfigurationError([{ path: 'store', message }]);
    }
    await this.commands.call('HMGET', hash, 'f');
    await this.commands.call('ZSCAN', set, 0);
    await this.commands.call('TIME');
  }

  async #agree(): Promise<void> {
    const { shards, idKey } = this.settings;
    const mine = [String(RECORD_FORMAT), String(shards), idKey];
    const stored = (await this.commands.run(SET_ONCE, [this.keys.settings], mine)) as string[];
    const names = [
      'format of records',
      'number of shards (store.shards)',
      'key of ids (store.keys)',
    ];
    const problems = names.flatMap((name, index) =>
      stored[index] === mine[index]
        ? []
        : [{ path: 'store', message: `the ${name} is not the one that this store was made with.` }],
    );
    if (problems.length > 0) throw new ConfigurationError(problems);
  }

  async #durability(): Promise<void> {
    const info = await this.commands.call('INFO').catch(() => '');
    const value = (name: string): string | undefined =>
      new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(String(info))?.[1];
    const policy = value('maxmemory_policy');
    if (policy !== undefined && policy !== 'noeviction') {
      this.warn(`Redis may evict tokens (maxmemory-policy ${policy}); set it to noeviction.`);
    }
    if (value('aof_enabled') === '0') {
      this.warn(
        'Redis has no append-only file: a crash loses the latest refresh tokens. Set appendonly yes.',
      );
    }
    if (value('connected_slaves') === '0' && value('role') === 'master') {
      this.warn('Redis has no replica: its loss is the loss of all tokens.');
    }
  }
}
