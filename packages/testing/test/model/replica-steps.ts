import { change, endFamily, familyOf, nameOf, type Server } from './authorization-server.js';
import type { Applied, Command } from './model-store.js';
import {
  epochOf,
  factsOf,
  IDLE,
  type Move,
  type Phase,
  type Replica,
  spendOne,
  withReplica,
  type World,
} from './world.js';

const REFUSALS: ReadonlySet<string> = new Set(['stale', 'notOwner', 'oldEpoch']);

const FAILURE = { outcome: 'transient', code: 'c', message: 'm', since: 0 } as const;

/** A replica in its world. */
export interface Place {
  readonly world: World;
  readonly index: number;
  readonly replica: Replica;
}

export const go = (
  { world, index }: Place,
  label: string,
  replica: Replica,
  findings: readonly string[] = [],
): Move => ({ label, world: withReplica(world, index, replica), findings });

export const read = ({ startVersion }: Replica): Replica => ({
  ...IDLE,
  phase: 'reading',
  startVersion,
});

export const labelOf = (label: string, { answer }: Applied, usual: string): string =>
  answer === usual ? label : `${label}:${answer}`;

export const tokensOf = (name: string) => ({
  accessToken: `access-${name}`,
  tokenType: 'Bearer',
  issuedAt: 0,
  expiresAt: 1e15,
  refreshToken: name,
  extras: {},
});

/** The answer arrives, and is in the journal, or is lost on its way. */
export function deliver(at: Place): readonly Move[] {
  const { world, replica, index } = at;
  const { answer } = replica;
  const label = `deliver${index}`;
  const heard =
    answer === 'dead' || answer === 'none'
      ? go(at, `${label}:dead`, { ...replica, phase: 'refused', answer: 'none' })
      : go(secured(at, answer), label, { ...replica, phase: 'journaled' });
  if (world.left.lostAnswers === 0) return [heard];
  const lossy = losing({ ...at, world: spendOne(world, 'lostAnswers') }, answer, 'answer');
  const unsure = { ...replica, phase: 'ambiguous', answer: 'none' } as const;
  return [heard, go(lossy, `lose${index}`, unsure)];
}

function secured(at: Place, token: number): Place {
  const server = change(at.world.server, token, { fate: 'secured' });
  return { ...at, world: { ...at.world, server } };
}

/** A token whose answer nobody will have, unless somebody has it already. */
export function losing(at: Place, token: Replica['answer'], fate: 'crash' | 'answer'): Place {
  if (token === 'dead' || token === 'none') return at;
  if (at.world.server[token]?.fate === 'secured') return at;
  return { ...at, world: { ...at.world, server: change(at.world.server, token, { fate }) } };
}

/** Why a strict server gets a token that it has had; nothing when it has not. */
export function reuseReason(world: World, token: number, kind: string): string | undefined {
  const { server, orphans, memories, left } = world;
  if (kind !== 'strict' || server[token]?.life !== 'spent') return undefined;
  const child = server.findIndex(({ parent }) => parent === token);
  const fate = server[child]?.fate;
  if (fate === 'crash') return 'crash before the journal';
  if (fate === 'answer') return 'answer lost';
  if (orphans.some((orphan) => orphan.token === child)) return 'late replay';
  const hasLost = memories.length > 0 && left.losses === 0;
  return hasLost ? 'announcement lost' : 'first use in hand';
}

export function commitOf(replica: Replica, server: Server): Command<'commit'> {
  const { intentId, base, kind, answer, fingerprint } = replica;
  const token = answer as number;
  const epoch =
    kind === 'login'
      ? { newEpoch: epochOf(familyOf(server, token)) }
      : { sentFingerprint: fingerprint };
  const body = nameOf(token);
  const common = { keepFresh: true, reason: 'demand' } as const;
  return { intentId, base, body, facts: factsOf(token), ...common, ...epoch };
}

/** Tokens of an old epoch are revoked. */
export const afterCommit = (server: Server, answer: string, token: number): Server =>
  answer === 'oldEpoch' ? endFamily(server, familyOf(server, token)) : server;

/** The broken rules of a command, and whether it was answered as it was the first time. */
export function findingsOf(
  { record }: World,
  { answer, next, broken }: Applied,
  lost: string,
  verb: string,
): readonly string[] {
  // Only what was done is remembered: a refusal may be another one by now, and changed nothing.
  const isAnswered = lost === '' || REFUSALS.has(lost) || (lost === answer && next === record);
  if (isAnswered) return broken;
  return [...broken, `repetition: ${verb} answers '${answer}' after '${lost}'`];
}

export function settleOutcome(
  phase: Phase,
  kind: 'refresh' | 'login',
  canLogin: boolean,
  now: number,
): Command<'settle'>['outcome'] {
  if (phase === 'refused') {
    return kind === 'login'
      ? { kind: 'loginRefused', failure: FAILURE }
      : { kind: 'dead', canLogin, failure: FAILURE };
  }
  // A login can be sent again: only a refresh token has to rest.
  if (phase === 'ambiguous' && kind === 'refresh') return { kind: 'ambiguous', failure: FAILURE };
  return { kind: 'backoff', until: now, failure: FAILURE };
}
