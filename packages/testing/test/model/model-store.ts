import type { RecordCommands, RecordState, RecordVerb } from '@oauth-token/core';
import { numberOf } from './authorization-server.js';
import type { Protocol } from './load-protocol.js';

export type State = RecordState<string>;
export type Command<Verb extends RecordVerb = RecordVerb> = RecordCommands<string>[Verb];

/** A state of the record, one object for all that decide alike. */
export interface StoredState {
  readonly id: number;
  readonly state: State | undefined;
  /** The same for all that differ in names and times alone. */
  readonly bareId: number;
  /** The refresh tokens that it has: its own, then its siblings'. */
  readonly tokens: readonly number[];
}

/** What a command did to it. */
export interface Applied {
  readonly next: StoredState;
  /** The kind of the answer. */
  readonly answer: string;
  /** The rules that it broke. */
  readonly broken: readonly string[];
}

/** What nothing is decided by. */
const FOR_PEOPLE = new Set(['failure', 'lastRenewal', 'scheduledAt', 'usedAt', 'since', 'owner']);

/** What differs between records in which the same can happen. */
const NAMES_AND_TIMES = new Set([
  ...FOR_PEOPLE,
  ...[
    'answers',
    'attempt',
    'intentId',
    'leaseUntil',
    'takeoverAt',
    'restUntil',
    'until',
    'tombstoneUntil',
  ],
]);

/** The store of the model: runs the reducer, remembers every transition, and checks what holds for each of them. */
export class ModelStore {
  readonly #states = new Map<string, StoredState>();
  readonly #bare = new Map<string, number>();
  readonly #transitions = new Map<string, Applied>();

  constructor(private readonly protocol: Pick<Protocol, 'reduceRecord'>) {}

  /** The one object of a state. */
  intern(state: State | undefined): StoredState {
    const key = keyOf(state);
    const known = this.#states.get(key);
    if (known !== undefined) return known;
    const id = this.#states.size;
    const bare = keyOf(state, NAMES_AND_TIMES);
    const bareId = this.#bare.get(bare) ?? this.#bare.size;
    this.#bare.set(bare, bareId);
    const stored = { id, bareId, state: freeze(state), tokens: tokensOf(state) };
    this.#states.set(key, stored);
    return stored;
  }

  /** A command that puts a state back has it as one that is known here. */
  #textOf(command: Command): string {
    if (!('known' in command)) return JSON.stringify(command);
    const { known, ...rest } = command;
    return `${JSON.stringify(rest)} ${this.intern(known).id}`;
  }

  apply<Verb extends RecordVerb>(
    stored: StoredState,
    verb: Verb,
    command: Command<Verb>,
    now: number,
  ): Applied {
    const key = `${stored.id} ${now} ${verb} ${this.#textOf(command)}`;
    const known = this.#transitions.get(key);
    if (known !== undefined) return known;
    const { state, answer } = this.protocol.reduceRecord(stored.state, verb, command, now);
    const next = this.intern(state);
    const again = this.protocol.reduceRecord(state, verb, command, now);
    const repeats = again.answer.kind === answer.kind && this.intern(again.state) === next;
    const broken = [
      ...(repeats ? [] : [`repetition: ${verb} answers '${again.answer.kind}' the second time`]),
      ...brokenVersion(stored.state, state, basisOf(command)),
    ];
    const applied = { next, answer: answer.kind, broken };
    this.#transitions.set(key, applied);
    return applied;
  }
}

function tokensOf(state: State | undefined): readonly number[] {
  const names = [state?.facts, ...(state?.siblings ?? []).map(({ facts }) => facts)];
  return names.map((facts) => numberOf(facts?.refreshFingerprint)).filter((token) => token >= 0);
}

/** The version that a command comes from. */
const basisOf = (command: Command): number =>
  'known' in command ? command.known.version : 'base' in command ? command.base.version : 0;

function brokenVersion(before: State | undefined, after: State, basis: number): readonly string[] {
  const { version = 0 } = before ?? {};
  const grown = after.version - version;
  // A store that has gone back goes forward again at one go.
  if (basis > version && after.version >= basis) return [];
  // An intent on a record without tokens stores whose record it is: that is no write of tokens.
  const tokens = (state: State | undefined): string =>
    JSON.stringify([state?.facts?.refreshFingerprint, state?.epoch ?? '']);
  const expected = tokens(before) === tokens(after) ? 0 : 1;
  return grown === expected ? [] : [`version: grew by ${grown} instead of ${expected}`];
}

function keyOf(state: State | undefined, without = FOR_PEOPLE): string {
  return JSON.stringify(state ?? null, (name, value: unknown) => {
    if (without.has(name)) return undefined;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

/** A reducer that writes to what it was given throws. */
function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    Object.freeze(value);
    for (const member of Object.values(value)) freeze(member);
  }
  return value;
}
