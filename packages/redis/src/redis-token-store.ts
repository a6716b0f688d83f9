import { randomBytes } from 'node:crypto';
import {
  ConfigurationError,
  currentState,
  EMPTY_RECORD,
  type RecordAnswers,
  type RecordBody,
  type RecordCommands,
  type RecordState,
  type RecordVerb,
  reduceRecord,
  type SharedEntry,
  type Stored,
  systemClock,
  type TokenChange,
  type TokenKey,
  type TokenRecord,
  TokenStore,
  type TouchCommand,
  touchRecord,
} from '@oauth-token/core';
import { type BodySealer, PLAINTEXT, sealedBy } from './body-codec.js';
import { ChangeFeed } from './change-feed.js';
import { DueIndex } from './due-index.js';
import { GapNotice } from './gap-notice.js';
import { type RedisClient, RedisCommands } from './redis-client.js';
import { checkClient, checkNaming, RedisKeys } from './redis-keys.js';
import { RecordIndex } from './record-index.js';
import { RecordIds } from './record-ids.js';
import type { SealedBody } from './record-codec.js';
import { RedisRecords, type Stepped } from './redis-records.js';
import { CAS_SHARED } from './redis-scripts.js';
import { checkSealing, PLAINTEXT_IDS, type RedisTokenStoreOptions } from './redis-store-options.js';
import { sealCommand } from './seal-command.js';
import { ServerClock } from './server-clock.js';
import { StoreCheck } from './store-check.js';
import { identityOf } from './store-identity.js';

type Commands = RecordCommands<RecordBody>;

/** How many ids one page of `list` looks at. */
const PAGE = 100;

/**
 * Token records in Redis, single node, Sentinel or Cluster: sealed, versioned, indexed by when they fall due.
 *
 * Every verb is one step of the same reducer that the memory store runs; a script writes its result if the record is still what it
 * was decided on. The client that is handed in is not closed; the subscription runs on a duplicate of it.
 *
 * @example
 * ```ts
 * const store = new RedisTokenStore(new Redis(url), { keys: Keyring.parse(process.env.TOKEN_KEYS) });
 * ```
 * @public
 */
export class RedisTokenStore extends TokenStore {
  override readonly remote = true;
  readonly #commands: RedisCommands;
  readonly #keys: RedisKeys;
  readonly #records: RedisRecords;
  readonly #index: RecordIndex;
  readonly #feed: ChangeFeed;
  readonly #gaps: GapNotice;
  readonly #time: ServerClock;
  readonly #check: StoreCheck;
  readonly #ids: RecordIds;
  readonly #sealer: BodySealer;
  readonly #identity: string;
  readonly #warn: (message: string) => void;

  /** @throws {@link ConfigurationError} naming every problem of the options */
  constructor(redis: RedisClient, options: RedisTokenStoreOptions = {}) {
    super();
    const { prefix = 'otm', shards = 16, commandTimeoutMs = 1_000, clock = systemClock } = options;
    const problems = [
      ...checkNaming(prefix, shards),
      ...checkClient(redis),
      ...checkSealing(options),
    ];
    if (problems.length > 0) throw new ConfigurationError(problems);
    this.#identity = identityOf(redis, prefix);
    this.#warn =
      options.warn ??
      ((message) => {
        process.emitWarning(message, { code: 'OAUTH_TOKEN_REDIS' });
      });
    this.#ids = new RecordIds(options.keys ?? PLAINTEXT_IDS);
    this.#sealer = options.keys === undefined ? PLAINTEXT : sealedBy(options.keys);
    this.#commands = new RedisCommands(redis, commandTimeoutMs);
    this.#keys = new RedisKeys(prefix, shards);
    this.#records = new RedisRecords(this.#commands, this.#keys, this.#sealer);
    const due = new DueIndex(this.#commands, this.#keys);
    this.#index = new RecordIndex(due, this.#records, this.#warn);
    this.#feed = new ChangeFeed(redis, this.#keys.channel, randomBytes(9).toString('base64url'));
    this.#gaps = new GapNotice(clock, () => this.#feed.tellGap(this.#commands));
    this.#time = new ServerClock(this.#commands, clock);
    const settings = { shards, idKey: this.#ids.checkValue() };
    this.#check = new StoreCheck(
      this.#commands,
      this.#keys,
      settings,
      this.#warn,
      () => this.#feed.trouble,
    );
  }

  /** @throws {@link ConfigurationError} when Redis refuses the client, or the store was made with other settings */
  override async start(): Promise<void> {
    this.#feed.start();
    this.#feed.subscribe(({ kind }) => {
      if (kind === 'gap') this.#check.doubt();
    });
    await this.#check.run();
    await this.#feed.opened(this.#commands);
  }

  /** Prefix and server, without credentials. */
  override get identity(): string {
    return this.#identity;
  }

  override time(): Promise<number> {
    return this.#time.read();
  }

  override idOf(key: TokenKey): string {
    return this.#ids.idOf(key);
  }

  override fingerprint(secret: string): string {
    return this.#ids.fingerprint(secret);
  }

  override async read(key: TokenKey): Promise<TokenRecord | undefined> {
    const id = this.idOf(key);
    if (this.#knownTime() === undefined) await this.#ready();
    const stored = await this.#records.read(id);
    if (stored === undefined) return undefined;
    return this.#records.toRecord(id, key, currentState(stored.state, this.#knownTime() ?? 0));
  }

  override async touch(key: TokenKey, command: TouchCommand): Promise<void> {
    const now = this.#knownTime() ?? (await this.#ready());
    const touch = (state: RecordState<SealedBody> | undefined) => ({
      state: state === undefined ? EMPTY_RECORD : touchRecord(state, command),
      answer: undefined,
    });
    await this.#records.step(this.idOf(key), now, touch, () => undefined);
  }

  override async claimDue(options: {
    readonly limit: number;
    readonly leaseMs: number;
  }): Promise<{ readonly records: readonly TokenRecord[]; readonly nextDueAt?: number }> {
    return this.#index.claim(await this.#ready(), options);
  }

  override async list(
    options: { readonly cursor?: string; readonly limit?: number } = {},
  ): Promise<{ readonly records: readonly TokenRecord[]; readonly cursor?: string }> {
    return this.#index.page(await this.#ready(), options.cursor, options.limit ?? PAGE);
  }

  override seal(plaintext: Uint8Array, context: string): Uint8Array {
    return this.#sealer.seal(plaintext, context);
  }

  override open(sealed: Uint8Array, context: string): Uint8Array {
    return this.#sealer.open(sealed, context);
  }

  override async getShared(name: string): Promise<SharedEntry | undefined> {
    await this.#check.ensure();
    const reply = await this.#commands.call('HMGET', this.#keys.shared(name), 'v', 'd');
    const [version, value] = reply as (string | null)[];
    if (typeof version !== 'string' || typeof value !== 'string') return undefined;
    return { version: Number(version), value };
  }

  override async casShared(
    name: string,
    expectedVersion: number,
    value: string,
    ttlMs: number,
  ): Promise<boolean> {
    await this.#check.ensure();
    const args = [expectedVersion, value, Math.max(1, Math.ceil(ttlMs))];
    return (await this.#commands.run(CAS_SHARED, [this.#keys.shared(name)], args)) === 1;
  }

  override subscribe(listener: (change: TokenChange) => void): () => void {
    return this.#feed.subscribe(listener);
  }

  /** At most once every two seconds. @throws {@link StoreUnavailableError} */
  override tellGap(): Promise<void> {
    return this.#gaps.tell();
  }

  /** Closes the subscription; the client that was handed in stays open. */
  override close(): Promise<void> {
    this.#feed.close();
    return Promise.resolve();
  }

  override async apply<Verb extends RecordVerb>(
    key: TokenKey,
    verb: Verb,
    command: Commands[Verb],
  ): Promise<Stored<RecordAnswers[Verb]>> {
    const id = this.idOf(key);
    const now = this.#knownTime() ?? (await this.#ready());
    const sealed = sealCommand(verb, command, (epoch, body) => this.#records.seal(id, epoch, body));
    const stepped = await this.#records.step(
      id,
      now,
      (state) => reduceRecord(state, verb, sealed, now),
      (result) => this.#message(id, result),
    );
    const { state, answer, change } = stepped;
    const record = this.#records.toRecord(id, key, state);
    if (change !== undefined)
      this.#feed.tell({ id, version: state.version, kind: change, origin: 'local' });
    return { answer, record };
  }

  /** The server's time, where the server is known to be ours: so no command waits for what is known. */
  #knownTime(): number | undefined {
    return this.#check.agreed ? this.#time.known() : undefined;
  }

  async #ready(): Promise<number> {
    await this.#check.ensure();
    return this.#time.known() ?? this.#time.read();
  }

  #message(id: string, { state, change }: Stepped<unknown>): readonly [string, string] | undefined {
    if (change === undefined) return undefined;
    return [this.#keys.channel, this.#feed.messageOf({ id, version: state.version, kind: change })];
  }
}
