import type { TokenKey } from '../model/token-key.js';
import type { TokenSet } from '../model/token-set.js';
import type { RestoreCommand, TouchCommand } from '../record/record-command.js';
import type { RecordState } from '../record/record-state.js';
import type { RecordAnswers, RecordCommands, RecordVerb } from '../record/reduce-record.js';

/**
 * What a record seals: whose it is, and its tokens once there are any.
 *
 * @public
 */
export interface RecordBody {
  readonly key: TokenKey;
  readonly tokens?: TokenSet;
}

/**
 * A stored record, opened.
 *
 * @public
 */
export interface TokenRecord {
  /** Its id in the store: an HMAC of the canonical key. */
  readonly id: string;
  readonly key: TokenKey;
  readonly tokens?: TokenSet;
  /** Bodies in it are as the store keeps them. */
  readonly state: RecordState<unknown>;
}

/** A change of a record, as it is told to every replica. @public */
export interface TokenChange {
  readonly id: string;
  readonly version: number;
  /**
   * `tokens`: newer tokens of the same login · `login`, `forgotten`, `dead`, `failed`: what the names say ·
   * `gap`: changes of any record may have been missed.
   */
  readonly kind: 'tokens' | 'login' | 'forgotten' | 'dead' | 'failed' | 'gap';
  /** `fleet` when another replica made it. */
  readonly origin: 'local' | 'fleet';
}

/** A value that all replicas share, such as a pause of a provider. @public */
export interface SharedEntry {
  readonly version: number;
  readonly value: string;
}

/** An answer of the store together with the record as it stands after the command. @public */
export interface Stored<Answer> {
  readonly answer: Answer;
  readonly record: TokenRecord;
}

type Commands = RecordCommands<RecordBody>;

/**
 * Where token records live. Every verb is atomic and idempotent by intent id; all decisions are those of `reduceRecord`.
 *
 * Implementations: {@link MemoryTokenStore}, and `RedisTokenStore` of `@oauth-token/redis`.
 *
 * @public
 */
export abstract class TokenStore {
  /** Whether the records outlive this process or are shared with others. */
  abstract readonly remote: boolean;
  /** What tells this store from others, not secret, and the same after a restart; empty where nothing outlives the process. */
  get identity(): string {
    return '';
  }
  /**
   * Connects and checks the settings; may be called more than once. A store that cannot be reached is no error: it is found later.
   *
   * @throws {@link ConfigurationError} when the settings can never work
   */
  abstract start(): Promise<void>;
  /** The store's time, epoch ms: the one clock that all replicas agree on. */
  abstract time(): Promise<number>;
  /** The id of a key: HMAC-SHA256 of its canonical form. */
  abstract idOf(key: TokenKey): string;
  /** The fingerprint of a secret: HMAC-SHA256 under the same key as the ids. */
  abstract fingerprint(secret: string): string;
  abstract read(key: TokenKey): Promise<TokenRecord | undefined>;
  /**
   * Takes one step of a record's life: what {@link reduceRecord} decides, atomically. Repeating a command repeats its first answer.
   */
  abstract apply<Verb extends RecordVerb>(
    key: TokenKey,
    verb: Verb,
    command: RecordCommands<RecordBody>[Verb],
  ): Promise<Stored<RecordAnswers[Verb]>>;
  abstract touch(key: TokenKey, command: TouchCommand): Promise<void>;
  /**
   * Takes at most `limit` records whose time has come. A claim lasts `leaseMs`: what is not renewed by then is offered again.
   * `nextDueAt` is when the next record (not claimed now) falls due.
   */
  abstract claimDue(options: {
    readonly limit: number;
    readonly leaseMs: number;
  }): Promise<{ readonly records: readonly TokenRecord[]; readonly nextDueAt?: number }>;
  /** All records page by page, tombstones aside; items may repeat and pages vary in length. */
  abstract list(options?: {
    readonly cursor?: string;
    readonly limit?: number;
  }): Promise<{ readonly records: readonly TokenRecord[]; readonly cursor?: string }>;
  /** Encrypts for keeping outside the store; `context` must be the same when it is opened. */
  abstract seal(plaintext: Uint8Array, context: string): Uint8Array;
  abstract open(sealed: Uint8Array, context: string): Uint8Array;
  abstract getShared(name: string): Promise<SharedEntry | undefined>;
  /** Writes when the entry is still at `expectedVersion` (0: absent); it vanishes after `ttlMs`. */
  abstract casShared(
    name: string,
    expectedVersion: number,
    value: string,
    ttlMs: number,
  ): Promise<boolean>;
  /** Tells each change of a record; returns the way to stop. */
  abstract subscribe(listener: (change: TokenChange) => void): () => void;
  /**
   * Tells all replicas that the store has lost something: each compares what it knows with the store. For who finds that a record is
   * gone.
   */
  tellGap(): Promise<void> {
    return Promise.resolve();
  }
  /** Closes what the store opened itself. */
  abstract close(): Promise<void>;

  /** Announces a token request before it is sent. */
  begin(key: TokenKey, command: Commands['begin']): Promise<Stored<RecordAnswers['begin']>> {
    return this.apply(key, 'begin', command);
  }

  /** Stores the answer of a token request. */
  commit(key: TokenKey, command: Commands['commit']): Promise<Stored<RecordAnswers['commit']>> {
    return this.apply(key, 'commit', command);
  }

  /** Ends an intent that brought no new tokens. */
  settle(key: TokenKey, command: Commands['settle']): Promise<Stored<RecordAnswers['settle']>> {
    return this.apply(key, 'settle', command);
  }

  /** Stores the tokens of a login. */
  put(key: TokenKey, command: Commands['put']): Promise<Stored<RecordAnswers['put']>> {
    return this.apply(key, 'put', command);
  }

  /** Deletes the tokens and leaves a tombstone. */
  forget(key: TokenKey, command: Commands['forget']): Promise<Stored<RecordAnswers['forget']>> {
    return this.apply(key, 'forget', command);
  }

  /** Puts back what the store has lost: the `state` of a record that it answered before. */
  restore(
    key: TokenKey,
    command: RestoreCommand<unknown>,
  ): Promise<Stored<RecordAnswers['restore']>> {
    // Bodies in it are as this store keeps them, whatever that is.
    return this.apply(key, 'restore', command as Commands['restore']);
  }
}
