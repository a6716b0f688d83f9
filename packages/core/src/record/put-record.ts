import { compact } from '../util/compact.js';
import type {
  ForgetAnswer,
  ForgetCommand,
  PutAnswer,
  PutCommand,
  TouchCommand,
} from './record-command.js';
import { type RecordState, REMEMBERED, TOMBSTONE_MS } from './record-state.js';
import {
  endEpoch,
  hasKnown,
  recalled,
  remember,
  scheduleOf,
  spend,
  type Transition,
  unchanged,
  update,
} from './transition.js';

/**
 * Stores the tokens of a login: a new epoch that wins over every renewal under way.
 *
 * @internal
 */
export function putRecord<Body>(
  state: RecordState<Body>,
  command: PutCommand<Body>,
  now: number,
): Transition<Body, PutAnswer> {
  const before = recalled(state, command.intentId, ['put']);
  if (before !== undefined) return unchanged(state, { kind: before });
  const { expectedVersion, facts } = command;
  const moved = expectedVersion !== undefined && expectedVersion !== state.version;
  const { seed = false } = command;
  const { refreshFingerprint = '' } = facts;
  const known = hasKnown(state, refreshFingerprint);
  if (moved || (seed && known)) return unchanged(state, { kind: 'conflict' });
  const answer: PutAnswer = { kind: 'put' };
  const planted = seed && refreshFingerprint !== '' ? [refreshFingerprint] : [];
  const seeds = [...state.seedFingerprints, ...planted];
  const superseded = [state.facts?.refreshFingerprint, command.sentFingerprint].filter(
    (fingerprint) => fingerprint !== facts.refreshFingerprint,
  );
  const mended = state.refusedGrant === command.grantFingerprint;
  const next = update(state, {
    version: state.version + 1,
    epoch: command.newEpoch,
    endedEpochs: endEpoch(state, state.epoch),
    restUntil: undefined,
    status: 'active',
    body: command.body,
    facts,
    keepFresh: command.keepFresh,
    scheduledAt: scheduleOf(command.keepFresh, facts),
    seedFingerprints: seeds.slice(-REMEMBERED),
    deadFingerprint: undefined,
    refusedGrant: mended ? undefined : state.refusedGrant,
    spentFingerprints: spend(state, ...superseded),
    siblings: [],
    intent: undefined,
    backoff: undefined,
    failure: undefined,
    tombstoneUntil: undefined,
    // A seed is planted, not renewed.
    lastRenewal: seed ? undefined : { at: now, outcome: 'refreshed', reason: command.reason },
  });
  return { state: remember(next, command.intentId, answer), answer, change: 'login' };
}

/**
 * Deletes the tokens and leaves a tombstone without secrets, so that no late commit brings them back. The fingerprints of seeds stay:
 * none is planted again.
 *
 * @internal
 */
export function forgetRecord<Body>(
  state: RecordState<Body>,
  command: ForgetCommand,
  now: number,
): Transition<Body, ForgetAnswer> {
  const answer: ForgetAnswer = { kind: 'forgotten' };
  const { expectedVersion } = command;
  if (recalled(state, command.intentId, ['forgotten']) !== undefined)
    return unchanged(state, answer);
  if (expectedVersion !== undefined && expectedVersion !== state.version) {
    return unchanged(state, { kind: 'conflict' });
  }
  const next = tombstoneOf(state, state.version + 1, command.newEpoch, now);
  return { state: remember(next, command.intentId, answer), answer, change: 'forgotten' };
}

/**
 * What is left of a record that was forgotten: no tokens, but all that keeps them from coming back.
 *
 * @internal
 */
export function tombstoneOf<Body>(
  state: RecordState<Body>,
  version: number,
  epoch: string,
  now: number,
): RecordState<Body> {
  return compact({
    version,
    epoch,
    endedEpochs: endEpoch(state, state.epoch),
    status: 'forgotten' as const,
    keepFresh: false,
    scheduledAt: Infinity,
    seedFingerprints: state.seedFingerprints,
    spentFingerprints: state.spentFingerprints,
    siblings: [],
    answers: state.answers,
    tombstoneUntil: now + TOMBSTONE_MS,
  });
}

/**
 * Notes a use, which brings a parked record back on schedule, or parks an idle one.
 *
 * @internal
 */
export function touchRecord<Body>(
  state: RecordState<Body>,
  command: TouchCommand,
): RecordState<Body> {
  const { usedAt, parkUntil } = command;
  if (state.facts === undefined || state.intent !== undefined) return state;
  if (parkUntil !== undefined && state.keepFresh) return { ...state, scheduledAt: parkUntil };
  if (usedAt === undefined || usedAt <= (state.usedAt ?? -Infinity)) return state;
  const resumed =
    state.keepFresh && state.status === 'active' && state.backoff === undefined
      ? Math.min(state.scheduledAt, state.facts.dueAt)
      : state.scheduledAt;
  return { ...state, usedAt, scheduledAt: resumed };
}
