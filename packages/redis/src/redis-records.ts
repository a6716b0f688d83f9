import { randomBytes } from 'node:crypto';
import {
  BoundedMap,
  type RecordBody,
  type RecordState,
  SealError,
  StoreUnavailableError,
  type TokenKey,
  type TokenRecord,
  type Transition,
} from '@oauth-token/core';
import { type BodySealer, contextOf, openBody, sealBody } from './body-codec.js';
import {
  decodeRecord,
  encodeChange,
  FIELD,
  type SealedBody,
  type StoredState,
} from './record-codec.js';
import type { RedisArgument, RedisCommands } from './redis-client.js';
import type { RedisKeys } from './redis-keys.js';
import { READ_RECORD, WRITE_RECORD } from './redis-scripts.js';

/** Writers of one record at one time are as many as replicas; more turns than these mean something else. */
const MAX_TURNS = 100;

/** How many states are remembered, so that the write after a read needs no read of its own. */
const REMEMBERED_STATES = 2_000;

/** What became of a step: its transition, and the state it led to. @internal */
export type Stepped<Answer> = Transition<SealedBody, Answer>;

/**
 * Records in Redis: the reducer decides here, and one script writes there if the record is still what was decided on.
 *
 * @internal
 */
export class RedisRecords {
  /** As last read or written: the basis of a next write, never of an answer without one. */
  readonly #states = new BoundedMap<string, StoredState>(REMEMBERED_STATES);
  /** Revisions are numbered behind a random name: no other process ever draws the same. */
  readonly #writer = randomBytes(9).toString('base64url');
  #writes = 0;

  constructor(
    private readonly commands: RedisCommands,
    private readonly keys: RedisKeys,
    private readonly sealer: BodySealer,
  ) {}

  async read(id: string): Promise<StoredState | undefined> {
    const known = this.#states.get(id);
    const keys = [this.keys.record(id)];
    const reply = await this.commands.run(READ_RECORD, keys, [known?.revision ?? ''], 'binary');
    // No revision is drawn twice: what has the same is the same.
    if (reply === 1 && known !== undefined) return known;
    if (!Array.isArray(reply)) throw new StoreUnavailableError('Redis did not answer a record.');
    const stored = decodeRecord(reply as readonly Buffer[]);
    this.#remember(id, stored);
    return stored;
  }

  /**
   * Takes one step of a record's life. `decide` is pure and may be asked again with a newer state.
   *
   * @param message - what is published with the write, given the transition
   * @throws {@link StoreUnavailableError}
   */
  async step<Answer>(
    id: string,
    now: number,
    decide: (state: RecordState<SealedBody> | undefined) => Stepped<Answer>,
    message: (stepped: Stepped<Answer>) => readonly [channel: string, text: string] | undefined,
  ): Promise<Stepped<Answer>> {
    for (let turn = 0; turn < MAX_TURNS; turn += 1) {
      const remembered = this.#states.get(id);
      const stored = remembered ?? (await this.read(id));
      const stepped = decide(stored?.state);
      const changes = stepped.state !== stored?.state && !isNothing(stepped.state);
      // What is remembered may be old: it can lose a write, but it must not give an answer.
      if (!changes && remembered === undefined) return stepped;
      if (changes && (await this.#write(id, now, stored, stepped, message(stepped))))
        return stepped;
      this.#states.delete(id);
    }
    throw new StoreUnavailableError('Too many processes write one record at the same time.');
  }

  seal(id: string, epoch: string, body: RecordBody): SealedBody {
    return { sealed: sealBody(this.sealer, body, contextOf(id, epoch)), opened: body };
  }

  /** @throws {@link SealError} when the body does not open, or does not say whose it is */
  toRecord(id: string, key: TokenKey | undefined, state: RecordState<SealedBody>): TokenRecord {
    const body = state.body === undefined ? undefined : this.#open(id, state.epoch, state.body);
    const whose = key ?? body?.key;
    if (whose === undefined) throw new SealError('malformed');
    return {
      id,
      key: whose,
      state,
      ...(body?.tokens === undefined ? {} : { tokens: body.tokens }),
    };
  }

  #open(id: string, epoch: string, body: SealedBody): RecordBody {
    body.opened ??= openBody(this.sealer, body.sealed, contextOf(id, epoch));
    return body.opened;
  }

  async #write(
    id: string,
    now: number,
    stored: StoredState | undefined,
    { state }: Stepped<unknown>,
    message: readonly [channel: string, text: string] | undefined,
  ): Promise<boolean> {
    const revision = this.#drawRevision();
    const next = this.#reseal(id, state);
    const { set, remove } = encodeChange(stored?.state, next);
    const [channel, text] = message ?? ['-', ''];
    const args: RedisArgument[] = [
      stored?.revision ?? '',
      id,
      scoreOf(next),
      timeToLive(next, now),
      channel,
      text,
      remove.length,
      ...remove,
      ...set,
      FIELD.revision,
      revision,
    ];
    const keys = [this.keys.record(id), this.keys.due(this.keys.shardOf(id))];
    const written = (await this.commands.run(WRITE_RECORD, keys, args)) === 1;
    if (written) this.#remember(id, { revision, state: next });
    return written;
  }

  #drawRevision(): string {
    this.#writes += 1;
    return `${this.#writer}${this.#writes.toString(36)}`;
  }

  /** A body under an older key is sealed anew with whatever is written next. */
  #reseal(id: string, state: RecordState<SealedBody>): RecordState<SealedBody> {
    if (state.body === undefined || !this.sealer.isOutdated(state.body.sealed)) return state;
    return { ...state, body: this.seal(id, state.epoch, this.#open(id, state.epoch, state.body)) };
  }

  #remember(id: string, stored: StoredState | undefined): void {
    if (stored === undefined) this.#states.delete(id);
    else this.#states.set(id, stored);
  }
}

const isNothing = (state: RecordState<SealedBody>): boolean =>
  state.version === 0 && state.body === undefined;

/** A tombstone goes when its time is over, unless it knows a seed that must not be planted again. */
function timeToLive(state: RecordState<SealedBody>, now: number): string | number {
  const { tombstoneUntil, seedFingerprints } = state;
  if (tombstoneUntil === undefined || seedFingerprints.length > 0) return '-';
  return Math.max(1, Math.ceil(tombstoneUntil - now));
}

/** A tombstone is in no index; a record that is not scheduled is at its end. */
function scoreOf(state: RecordState<SealedBody>): string | number {
  if (state.body === undefined) return '-';
  return state.scheduledAt === Infinity ? '+inf' : state.scheduledAt;
}
