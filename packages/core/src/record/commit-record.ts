import type { CommitAnswer, CommitCommand, RecordBase } from './record-command.js';
import {
  MAX_SIBLINGS,
  MOST_SPENT,
  type RecordState,
  REMEMBERED,
  type Sibling,
} from './record-state.js';
import {
  endEpoch,
  isNeverWritten,
  recalled,
  remember,
  scheduleOf,
  spend,
  type Transition,
  unchanged,
  update,
} from './transition.js';

const COMMIT_KINDS = ['committed', 'sibling', 'superseded', 'tooOld', 'oldEpoch'] as const;

/** How long a refresh token rests that came to a store which had lost its basis, ms: who knows of a newer one puts that back first. */
const LOST_REST_MS = 2_000;

/**
 * Stores new tokens if and only if the record is still at the version that they are based on, whatever happened to locks and
 * leases meanwhile. Tokens with a refresh token that come too late are kept as siblings. A store that has lost what they are based on has
 * nothing newer: there they are stored as well.
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
  if (hasLost(state, command.base)) return accept(state, command, now, now + LOST_REST_MS);
  if (state.epoch !== command.base.epoch) return unchanged(state, { kind: 'oldEpoch' });
  if (state.version === command.base.version) return accept(state, command, now);
  if (isSuccessor(state, command)) return accept(state, command, now);
  // A login that lost the race has tokens of a family of its own, and a tombstone takes none: nobody needs them.
  const unwanted = command.newEpoch !== undefined || state.status === 'forgotten';
  return unwanted ? unchanged(state, { kind: 'oldEpoch' }) : keepAsSibling(state, command, now);
}

/** Whether the present refresh token is the very one that was sent, in a record that was put back under a higher version meanwhile. */
const isSuccessor = (
  { version, facts }: RecordState<unknown>,
  { base, newEpoch, sentFingerprint }: CommitCommand<unknown>,
): boolean =>
  version > base.version &&
  newEpoch === undefined &&
  sentFingerprint !== undefined &&
  facts?.refreshFingerprint === sentFingerprint;

/** Whether a store has gone back behind what somebody was told that it had. */
function hasLost(state: RecordState<unknown>, base: RecordBase): boolean {
  if (isNeverWritten(state)) return base.version > 0;
  return state.epoch === base.epoch && state.version < base.version;
}

function accept<Body>(
  state: RecordState<Body>,
  command: CommitCommand<Body>,
  now: number,
  restUntil?: number,
): Transition<Body, CommitAnswer> {
  const { base, facts, defect, seedFingerprints = [] } = command;
  const answer: CommitAnswer = { kind: 'committed' };
  const superseded = [state.facts?.refreshFingerprint, command.sentFingerprint].filter(
    (fingerprint) => fingerprint !== facts.refreshFingerprint,
  );
  const seeds = new Set([...state.seedFingerprints, ...seedFingerprints]);
  const attempt = (state.backoff?.attempt ?? 0) + 1;
  const login = command.newEpoch !== undefined;
  const next = update(state, {
    version: Math.max(base.version, state.version) + 1,
    epoch: command.newEpoch ?? base.epoch,
    endedEpochs: login ? endEpoch(state, base.epoch) : state.endedEpochs,
    restUntil: login ? undefined : restUntil,
    status: 'active',
    body: command.body,
    facts,
    keepFresh: command.keepFresh,
    scheduledAt: scheduleOf(command.keepFresh, {
      ...facts,
      dueAt: Math.max(defect?.retryAt ?? facts.dueAt, restUntil ?? -Infinity),
    }),
    intent: undefined,
    siblings: [],
    seedFingerprints: [...seeds].slice(-REMEMBERED),
    spentFingerprints: spend(state, ...superseded),
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
  const isKnown = fingerprint === undefined || known.includes(fingerprint);
  // Further behind than the history reaches it may have been stored once, and spent.
  const tooOld = state.version - command.base.version > MOST_SPENT;
  if (isKnown || tooOld) {
    const answer: CommitAnswer = { kind: isKnown ? 'superseded' : 'tooOld' };
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
