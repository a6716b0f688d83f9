import type { RecordBase } from '@oauth-token/core';
import { login, nameOf, type Server, type ServerKind } from './authorization-server.js';
import type { Memory } from './loss-moves.js';
import type { Command, ModelStore, StoredState } from './model-store.js';

/** How often what may happen. */
export interface Budget {
  /** Renewals that a replica starts. */
  readonly flights: number;
  /** Moves of the clock to the end of a lease or of a takeover delay. */
  readonly expiries: number;
  readonly crashes: number;
  /** Token requests or their answers that are lost on the way. */
  readonly lostAnswers: number;
  /** Commands that the store runs, and whose answers are lost: they are sent again. */
  readonly lostReplies: number;
  /** Logins by somebody else. */
  readonly logins: number;
  readonly forgets: number;
  /** Connections that are refused, so that nothing was sent. */
  readonly refusals: number;
  /** Logins that the server refuses for good. */
  readonly refusedLogins: number;
  /** Times that the store comes back empty, or as it was some time ago. */
  readonly losses: number;
}

/** A search: who takes part, what may happen, and what is known to be unavoidable. */
export interface Scenario extends Budget {
  readonly name: string;
  /** What it proves, for people. */
  readonly property: string;
  readonly server: ServerKind;
  /** How long a spent token may really be repeated, ms; by default for ever. */
  readonly repeatMs?: number;
  readonly replicas: number;
  /** `bounded`: who has looked at its lease and sends stores the answer before the takeover delay is over. */
  readonly pauses: 'bounded' | 'unbounded';
  /** `prompt`: who has planned a refresh beside another one asks the store before the takeover delay of that one is over. */
  readonly plans: 'any' | 'prompt';
  /** `inTime`: the journal of a crashed replica is replayed before the takeover delay is over. */
  readonly replays: 'inTime' | 'late';
  /** What the store comes back with. */
  readonly loss: 'empty' | 'older';
  /** Whether the registration can log in by itself. */
  readonly selfLogin: boolean;
  /** A look of the replica's own that it leaves out; production takes all of them. */
  readonly skips?: 'lease at send' | 'sweep at begin';
  /** `refused`: the server takes no connection for a token that it has had. */
  readonly secondUse: 'taken' | 'refused';
  /** What is found, and cannot be otherwise. */
  readonly unavoidable: readonly string[];
  /** Fewer worlds than these mean that the search has become empty. */
  readonly atLeast: number;
}

/**
 * Where a replica stands in its renewal: `idle` · `reading` anew · `planned` · `begun` · `sending` (the lease was looked at) ·
 * `answering` (the server has dealt with it) · `journaled` · and on its way to settle: `refused`, `ambiguous`, `unsent`.
 */
export type Phase =
  | 'idle'
  | 'reading'
  | 'planned'
  | 'begun'
  | 'sending'
  | 'answering'
  | 'journaled'
  | 'refused'
  | 'ambiguous'
  | 'unsent';

export interface Replica {
  readonly phase: Phase;
  /** Of the record when the renewal started. */
  readonly startVersion: number;
  readonly base: RecordBase;
  readonly kind: 'refresh' | 'login';
  /** Of the refresh token to send, which is its name, or of the grant. */
  readonly fingerprint: string;
  /** The intent that was there when it was planned; of no more use once it has begun. */
  readonly seenIntentId: string;
  readonly intentId: string;
  /** Before that: when it was planned. */
  readonly beganAt: number;
  readonly answer: number | 'dead' | 'none';
  /** The first answer to the present command, when it was lost. */
  readonly lost: string;
}

/** An answer in the journal of a replica that has crashed. */
export interface Orphan {
  readonly command: Command<'commit'>;
  readonly kind: 'refresh' | 'login';
  readonly token: number;
  readonly beganAt: number;
  readonly lost: string;
}

/** Everything at one moment. */
export interface World {
  readonly record: StoredState;
  readonly server: Server;
  readonly replicas: readonly Replica[];
  /** What they remember of the record; none where the store loses nothing. */
  readonly memories: readonly Memory[];
  /** The record as the store may come back with it. */
  readonly snapshot?: StoredState;
  readonly orphans: readonly Orphan[];
  /** The login elsewhere whose answer was lost. */
  readonly lostPut?: Command<'put'> | undefined;
  readonly now: number;
  /** Intents so far: they are numbered. */
  readonly intents: number;
  readonly left: Budget;
}

/** What may happen next, the rules that it breaks, and the losses that it brings. */
export interface Move {
  readonly label: string;
  readonly world: World;
  readonly findings?: readonly string[];
  /** The store has lost something: what is in it now was not written. */
  readonly isLoss?: boolean;
}

export const IDLE: Replica = {
  phase: 'idle',
  startVersion: 0,
  base: { version: 0, epoch: '' },
  kind: 'refresh',
  fingerprint: '',
  seenIntentId: '',
  intentId: '',
  beganAt: 0,
  answer: 'none',
  lost: '',
};

export const epochOf = (family: number): string => `e${family}`;

/** The world with one of its means used up. */
export function spendOne(world: World, means: keyof Budget): World {
  return { ...world, left: { ...world.left, [means]: world.left[means] - 1 } };
}

export function withReplica(world: World, index: number, replica: Replica): World {
  const replicas = world.replicas.map((other, place) => (place === index ? replica : other));
  return { ...world, replicas };
}

/** The command by which somebody stores the tokens of a login. */
export function putOf(intentId: string, token: number, family: number): Command<'put'> {
  return {
    intentId,
    newEpoch: epochOf(family),
    body: nameOf(token),
    facts: factsOf(token),
    keepFresh: true,
    reason: 'login',
  };
}

/** Tokens that are due at once and never end: so the model needs no time but that of leases. */
export const factsOf = (token: number): Command<'commit'>['facts'] => ({
  issuedAt: 0,
  expiresAt: 1e15,
  dueAt: 0,
  refreshFingerprint: nameOf(token),
});

/** Somebody has logged in, and nobody has renewed yet. */
export function initialWorld(scenario: Scenario, store: ModelStore): World {
  const { server, token } = login([], 'secured');
  const record = store.apply(store.intern(undefined), 'put', putOf('i0', token, 0), 0).next;
  const { flights, expiries, crashes, lostAnswers, lostReplies } = scenario;
  const { logins, forgets, refusals, refusedLogins, losses } = scenario;
  const faults = { crashes, lostAnswers, lostReplies, refusals, refusedLogins, losses };
  const memory: Memory = { known: record, heard: 1, swept: true };
  return {
    record,
    server,
    replicas: Array.from({ length: scenario.replicas }, () => IDLE),
    memories: losses === 0 ? [] : Array.from({ length: scenario.replicas }, () => memory),
    orphans: [],
    now: 0,
    intents: 1,
    left: { flights, expiries, ...faults, logins, forgets },
  };
}
