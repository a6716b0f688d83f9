import {
  Keyring,
  MemoryTokenStore,
  type RecordBody,
  type RecordState,
  reduceRecord,
  type Stored,
  type TokenKey,
  type TokenRecord,
  type TokenStore,
  touchRecord,
} from '@oauth-token/core';
import { type RedisClient, RedisTokenStore } from '@oauth-token/redis';
import { ManualClock } from '@oauth-token/testing';
import fc from 'fast-check';
import { Redis } from 'ioredis';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { type RedisProcess, startRedis } from '../../../../tools/redis/index.mjs';
import {
  commandOf,
  KEYS,
  type Restore,
  type Sent,
  type Step,
  steps,
  type Touch,
} from './support/record-steps.js';

const setting = (name: string, value: number): number =>
  Number(process.env[`DIFFERENTIAL_${name}`] ?? value);

/** How many runs of steps are compared at least, and for how long; a soak asks for more, and for others each time. */
const RUNS = setting('RUNS', 2_000);
const SECONDS = setting('SECONDS', 0);
const SEED = setting('SEED', 20_260_101);

/** So many runs share the connection at one time. */
const SIDE_BY_SIDE = 20;

let server: RedisProcess;
let client: Redis;
let runs = 0;
const keys = Keyring.ephemeral();
/** The answers that were given. */
const answers = new Set<string>();

beforeAll(async () => {
  server = await startRedis();
  client = new Redis(server.url);
}, 120_000);

afterAll(async () => {
  client.disconnect();
  await server.stop();
});

/** The client as if the server's clock were this one. */
function onClock(clock: ManualClock): RedisClient {
  const time = (): Promise<unknown> =>
    Promise.resolve([`${Math.floor(clock.now() / 1_000)}`, `${(clock.now() % 1_000) * 1_000}`]);
  return new Proxy(client, {
    get: (target, name): unknown => {
      if (name !== 'call') return Reflect.get(target, name);
      return (command: string, ...args: string[]) =>
        command === 'TIME' ? time() : target.call(command, ...args);
    },
  });
}

type Seen = RecordState<unknown>;

/** The reducer alone, a memory store, and two stores over one Redis, on one clock. */
class Trio {
  readonly clock = new ManualClock();
  readonly memory = new MemoryTokenStore(this.clock);
  readonly replicas: readonly TokenStore[];
  readonly #states = new Map<TokenKey, RecordState<RecordBody>>();
  readonly #sent: (Sent | Touch | Restore)[] = [];
  /** Every state of a key that was answered, as each place keeps it. */
  readonly #seen = new Map<TokenKey, Record<'model' | 'memory' | 'redis', Seen>[]>();

  readonly #prefix: string;

  constructor() {
    runs += 1;
    this.#prefix = `run-${runs}`;
    const own = { prefix: this.#prefix, shards: 1, clock: this.clock };
    const options = { keys, commandTimeoutMs: 10_000, ...own };
    const redis = onClock(this.clock);
    this.replicas = [new RedisTokenStore(redis, options), new RedisTokenStore(redis, options)];
  }

  /** Takes a step everywhere and compares answers and records. */
  async take(step: Step): Promise<void> {
    // A store that reads the time behind its answer has read it when it is another.
    await nextTurn();
    this.clock.stall(step.wait);
    await this.#expire();
    const sent = this.#command(step);
    this.#sent.push(sent);
    const seen = this.#seenBefore(sent);
    if (sent.verb === 'restore' && seen === undefined) return;
    const model = this.#model(sent, seen?.model);
    const store = this.replicas[step.replica] as TokenStore;
    const [inMemory, inRedis] = await Promise.all([
      apply(this.memory, sent, seen?.memory),
      apply(store, sent, seen?.redis),
    ]);
    this.#note(sent.key, inMemory?.record.state, inRedis?.record.state);
    if (model.answer !== undefined) answers.add(model.answer.kind);
    for (const stored of [inMemory, inRedis]) {
      expectSame(stored?.answer, model.answer);
      if (stored !== undefined) expectSame(this.#shown(stored.record), model.record);
    }
    // What the other replica reads is what was written, not what was answered.
    const reader = this.replicas[1 - step.replica] as TokenStore;
    for (const record of [await this.memory.read(sent.key), await reader.read(sent.key)]) {
      expectSame(this.#shown(record), model.record);
    }
  }

  /** Compares what falls due: the index has to say what the records say. */
  async claim(replica: TokenStore): Promise<void> {
    const options = { limit: 100, leaseMs: 10_000 };
    const [expected, claimed] = [
      await this.memory.claimDue(options),
      await replica.claimDue(options),
    ];
    expect(idsOf(claimed.records)).toEqual(idsOf(expected.records));
    expect(claimed.nextDueAt).toBe(expected.nextDueAt);
  }

  /** Lets go what Redis would have let go by itself, were this clock its own: tombstones that have a time to live. */
  async #expire(): Promise<void> {
    for (const [key, state] of this.#states) {
      if (!this.#isOver(state)) continue;
      const name = `${this.#prefix}:{0}:r:${this.replicas[0]?.idOf(key)}`;
      if ((await client.pttl(name)) >= 0) await client.del(name);
    }
  }

  #isOver({ tombstoneUntil = Infinity }: RecordState<unknown>): boolean {
    return tombstoneUntil <= this.clock.now();
  }

  #seenBefore(sent: Sent | Touch | Restore) {
    if (sent.verb !== 'restore') return undefined;
    return (this.#seen.get(sent.key) ?? []).at(-1 - sent.back);
  }

  #note(key: TokenKey, memory: Seen | undefined, redis: Seen | undefined): void {
    const model = this.#states.get(key);
    if (model === undefined || memory === undefined || redis === undefined) return;
    this.#seen.set(key, [...(this.#seen.get(key) ?? []), { model, memory, redis }]);
  }

  #command(step: Step): Sent | Touch | Restore {
    const earlier = this.#sent[this.#sent.length - 1 - step.intent];
    if (step.verb === 'repeat' && earlier !== undefined) return earlier;
    return commandOf(step, this.#states.get(KEYS[step.key] as TokenKey), this.clock.now());
  }

  #model(
    sent: Sent | Touch | Restore,
    seen: Seen | undefined,
  ): { answer?: { readonly kind: string }; record: unknown } {
    const { key } = sent;
    const before = this.#states.get(key);
    if (sent.verb === 'touch') {
      if (before !== undefined) this.#states.set(key, touchRecord(before, sent.command));
      return { record: this.#modelRecord(key) };
    }
    const [verb, command] =
      sent.verb === 'restore'
        ? (['restore', restoreOf(sent, seen as RecordState<RecordBody>)] as const)
        : ([sent.verb, sent.command] as const);
    const { state, answer } = reduceRecord(before, verb, command, this.clock.now());
    if (state.version > 0 || state.body !== undefined) this.#states.set(key, state);
    return { answer, record: this.#modelRecord(key) };
  }

  #modelRecord(key: TokenKey): unknown {
    const state = this.#states.get(key);
    if (state === undefined) return undefined;
    const { tokens } = state.body ?? {};
    return this.#shown({ id: '', key, state, ...(tokens === undefined ? {} : { tokens }) });
  }

  /** A record without its id and sealed bodies; one that counts as empty is none. */
  #shown(record: TokenRecord | undefined): unknown {
    if (record === undefined) return undefined;
    const { siblings, ...whole } = record.state;
    const state = { ...whole, body: undefined };
    const isEmpty = state.status === 'empty' && record.state.body === undefined;
    if (isEmpty || this.#isOver(record.state)) return undefined;
    const plain = siblings.map(({ intentId, facts }) => ({ intentId, facts }));
    return { key: record.key, tokens: record.tokens, state: { ...state, siblings: plain } };
  }
}

/** The matcher explains, but takes its time. */
function expectSame(received: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(received, expected)) expect(received).toEqual(expected);
}

const idsOf = (records: readonly TokenRecord[]): string[] =>
  records.map(({ key }) => JSON.stringify(key)).sort();

/** The command that puts back a state, or one that is a few versions further on. */
const restoreOf = <State extends Seen>({ intentId, ahead, restMs }: Restore, seen: State) => ({
  intentId,
  known: { ...seen, version: seen.version + ahead },
  restMs,
});

async function apply(
  store: TokenStore,
  sent: Sent | Touch | Restore,
  seen: Seen | undefined,
): Promise<Stored<{ readonly kind: string }> | undefined> {
  switch (sent.verb) {
    case 'begin':
      return store.begin(sent.key, sent.command);
    case 'commit':
      return store.commit(sent.key, sent.command);
    case 'settle':
      return store.settle(sent.key, sent.command);
    case 'put':
      return store.put(sent.key, sent.command);
    case 'forget':
      return store.forget(sent.key, sent.command);
    case 'restore':
      return store.restore(sent.key, restoreOf(sent, seen as Seen));
    case 'touch':
      await store.touch(sent.key, sent.command);
      return undefined;
  }
}

async function compare(run: readonly Step[]): Promise<void> {
  const trio = new Trio();
  for (const step of run) await trio.take(step);
  await trio.claim(trio.replicas[0] as TokenStore);
}

/** Compares runs side by side; of one that shows a difference, the shortest run that still does is told. */
async function compareAll(several: readonly (readonly Step[])[]): Promise<void> {
  const results = await Promise.allSettled(several.map(compare));
  const failed = several.find((_, index) => results[index]?.status === 'rejected');
  if (failed === undefined) return;
  const property = fc.asyncProperty(steps, compare);
  await fc.assert(property, { examples: [[failed]], numRuns: 1, interruptAfterTimeLimit: 20_000 });
  throw new Error('A difference was seen once, and not again.');
}

const ANSWERS = [
  ...['ok', 'stale', 'busy', 'backoff', 'dead', 'committed', 'sibling', 'superseded', 'oldEpoch'],
  ...['settled', 'notOwner', 'trySibling', 'alreadyDead', 'put', 'conflict', 'forgotten'],
  ...['restored', 'notNewer'],
];

it(
  `the reducer, the memory store and two replicas over Redis agree on ${RUNS} runs`,
  async () => {
    const until = performance.now() + 1_000 * SECONDS;
    for (let compared = 0; compared < RUNS || performance.now() < until; compared += SIDE_BY_SIDE) {
      await compareAll(fc.sample(steps, { numRuns: SIDE_BY_SIDE, seed: SEED + compared }));
    }
    // A comparison of refusals alone would show nothing.
    expect([...answers].sort()).toEqual(ANSWERS.sort());
  },
  60_000 + RUNS * 30 + SECONDS * 1_000,
);

it('a record that was let go and made anew is not overwritten by who remembers the old one', async () => {
  const trio = new Trio();
  const [old, other] = trio.replicas as [TokenStore, TokenStore];
  const [key] = KEYS as [TokenKey];
  const facts = { issuedAt: 0, expiresAt: 2e12, dueAt: 1.9e12 };
  const tokens = { accessToken: 'access', tokenType: 'Bearer', extras: {}, ...facts };
  const login = { body: { key, tokens }, facts, keepFresh: true, reason: 'login' } as const;
  await old.put(key, { intentId: 'a', newEpoch: 'first', ...login });
  await old.forget(key, { intentId: 'b', newEpoch: 'gone' });
  trio.clock.stall(25 * 3_600_000);
  await client.flushall();
  // As many writes as the first one had.
  await other.put(key, { intentId: 'c', newEpoch: 'second', ...login });
  await other.put(key, { intentId: 'd', newEpoch: 'third', ...login });
  const { answer } = await old.begin(key, {
    intentId: 'e',
    base: { version: 0, epoch: '' },
    owner: 'process',
    kind: 'login',
    fingerprint: 'grant',
    settings: 'settings',
    leaseMs: 3_000,
    takeoverMs: 1_000,
    force: false,
    fresh: { body: { key }, keepFresh: true },
  });
  expect(answer).toEqual({ kind: 'stale' });
  expect(await other.read(key)).toMatchObject({ tokens, state: { version: 2, epoch: 'third' } });
});
