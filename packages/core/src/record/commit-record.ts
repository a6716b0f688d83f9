import type { CommitAnswer, CommitCommand } from './record-command.js';
import { MAX_SIBLINGS, type RecordState, REMEMBERED, type Sibling } from './record-state.js';
import {
  recalled,
  remember,
  scheduleOf,
  spend,
  type Transition,
  unchanged,
  update,
} from './transition.js';

const COMMIT_KINDS = ['committed', 'sibling', 'superseded', 'oldEpoch'] as const;

/**
 * Stores new tokens if and only if the record is still at the version that they are based on, whatever happened to locks and
 * leases meanwhile. Tokens with a refresh token that come too late are kept as siblings.
 *
 * @internal
 */
export function commitRecord<Body>(
  state: RecordState<Body>,
  command: CommitCommand<Body>,
  now: number,
): Transition<Body, CommitAnswer> {
  const before = recalled(state, command.intentId, COMMIT_KINDS);
  if (before !== undefined) return unchanged(state, { kind: before });
  if (state.epoch !== command.base.epoch) return unchanged(state, { kind: 'oldEpoch' });
  if (state.version === command.base.version) return accept(state, command, now);
  // A login that lost the race has tokens of a family of its own, and a tombstone takes none: nobody needs them.
  const unwanted = command.newEpoch !== undefined || state.status === 'forgotten';
  return unwanted ? unchanged(state, { kind: 'oldEpoch' }) : keepAsSibling(state, command, now);
}

function accept<Body>(
  state: RecordState<Body>,
  command: CommitCommand<Body>,
  now: number,
): Transition<Body, CommitAnswer> {
  const { facts, defect } = command;
  const answer: CommitAnswer = { kind: 'committed' };
  const superseded =
    state.facts?.refreshFingerprint === facts.refreshFingerprint
      ? undefined
      : state.facts?.refreshFingerprint;
  const attempt = (state.backoff?.attempt ?? 0) + 1;
  const login = command.newEpoch !== undefined;
  const next = update(state, {
    version: state.version + 1,
    epoch: command.newEpoch ?? state.epoch,
    status: 'active',
    body: command.body,
    facts,
    keepFresh: command.keepFresh,
    scheduledAt:
      defect === undefined
        ? scheduleOf(command.keepFresh, facts)
        : scheduleOf(command.keepFresh, { ...facts, dueAt: defect.retryAt }),
    intent: undefined,
    siblings: [],
    spentFingerprints: spend(state, superseded),
    deadFingerprint: undefined,
    refusedGrant: login ? undefined : state.refusedGrant,
    tombstoneUntil: undefined,
    backoff: defect === undefined ? undefined : { until: defect.retryAt, attempt },
    failure: defect?.failure,
    lastRenewal: {
      at: now,
      outcome: defect?.failure.outcome ?? 'refreshed',
      reason: command.reason,
    },
  });
  return {
    state: remember(next, command.intentId, answer),
    answer,
    change: login ? 'login' : 'tokens',
  };
}

function keepAsSibling<Body>(
  state: RecordState<Body>,
  command: CommitCommand<Body>,
  now: number,
): Transition<Body, CommitAnswer> {
  const fingerprint = command.facts.refreshFingerprint;
  const known = [
    state.facts?.refreshFingerprint,
    state.deadFingerprint,
    ...state.spentFingerprints,
    ...state.siblings.map((sibling) => sibling.facts.refreshFingerprint),
  ];
  const tooFarBehind = state.version - command.base.version > REMEMBERED;
  if (fingerprint === undefined || tooFarBehind || known.includes(fingerprint)) {
    const answer: CommitAnswer = { kind: 'superseded' };
    return unchanged(remember(state, command.intentId, answer), answer);
  }
  const answer: CommitAnswer = { kind: 'sibling' };
  const { intentId, facts, body } = command;
  const siblings = [...state.siblings, { intentId, facts, body }].slice(-MAX_SIBLINGS);
  const next = remember({ ...state, siblings }, intentId, answer);
  // A record that was given up lives again by the answer that came late.
  return state.status === 'reauthorizationRequired'
    ? { state: promoteSibling(next, now), answer, change: 'tokens' }
    : { state: next, answer };
}

/**
 * Puts the newest untried sibling in the place of a dead refresh token.
 *
 * @internal
 */
export function promoteSibling<Body>(state: RecordState<Body>, now: number): RecordState<Body> {
  const sibling = state.siblings.at(-1) as Sibling<Body>;
  return update(state, {
    version: state.version + 1,
    status: 'active',
    body: sibling.body,
    facts: sibling.facts,
    siblings: state.siblings.slice(0, -1),
    spentFingerprints: spend(state, state.facts?.refreshFingerprint, state.deadFingerprint),
    // Whether it lives is best learnt soon.
    scheduledAt: state.keepFresh ? now : Infinity,
    intent: undefined,
    backoff: undefined,
    failure: undefined,
  });
}
