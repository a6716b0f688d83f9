import type { RestoreAnswer, RestoreCommand } from './record-command.js';
import {
  MAX_SIBLINGS,
  type RecordState,
  REMEMBERED,
  type Sibling,
  TOMBSTONE_MS,
  unsettledRefresh,
} from './record-state.js';
import {
  hasKnown,
  isNeverWritten,
  recalled,
  remember,
  spend,
  type Transition,
  unchanged,
  update,
} from './transition.js';

/**
 * Puts back a record that somebody knows and the store has lost. Only over one that is provably older; a login that nobody has heard of
 * before came after the loss and stays.
 *
 * @internal
 */
export function restoreRecord<Body>(
  state: RecordState<Body>,
  command: RestoreCommand<Body>,
  now: number,
): Transition<Body, RestoreAnswer> {
  const { intentId, known, restMs } = command;
  const before = recalled(state, intentId, ['restored']);
  if (before !== undefined) return unchanged(state, { kind: before });
  const answer: RestoreAnswer = { kind: 'restored' };
  if (hasLostIntent(state, known, now)) {
    return { state: remember(resting(state, known), intentId, answer), answer };
  }
  if (!isRestorable(known, now) || !isProvablyOlder(state, known)) {
    return unchanged(state, { kind: 'notNewer' });
  }
  const forgotten = known.status === 'forgotten';
  const next = forgotten ? tombstone(state, known, now) : revived(state, known, now + restMs);
  const change = forgotten ? 'forgotten' : isNeverWritten(state) ? 'tokens' : changeOf(state, next);
  return { state: remember(next, intentId, answer), answer, change };
}

/**
 * Whether a stored record is older than a known one beyond doubt: it is empty, an earlier version of the same login, or of a login that
 * the known one has ended.
 *
 * @internal
 */
export function isProvablyOlder(
  stored: RecordState<unknown>,
  known: RecordState<unknown>,
): boolean {
  if (known.version === 0) return false;
  if (isNeverWritten(stored)) return true;
  if (stored.epoch === known.epoch) return stored.version < known.version;
  return known.endedEpochs?.includes(stored.epoch) ?? false;
}

/**
 * Whether a stored record has lost the announcement of a refresh that may be under way: it neither stands there nor has it ended.
 *
 * @internal
 */
export function hasLostIntent(
  stored: RecordState<unknown>,
  known: RecordState<unknown>,
  now: number,
): boolean {
  const { intent } = known;
  const refresh = unsettledRefresh(intent);
  if (intent === undefined || refresh === undefined || refresh.takeoverAt <= now) return false;
  if (stored.epoch !== known.epoch || stored.version !== known.version) return false;
  if ((stored.restUntil ?? -Infinity) >= refresh.takeoverAt) return false;
  const hasEnded = stored.answers.some(({ intentId }) => intentId === intent.intentId);
  return !hasEnded && unsettledRefresh(stored.intent)?.intentId !== refresh.intentId;
}

/** The announcement itself is not put back: its process may have ended it already. */
function resting<Body>(state: RecordState<Body>, known: RecordState<Body>): RecordState<Body> {
  const restUntil = unsettledRefresh(known.intent)?.takeoverAt ?? -Infinity;
  return update(state, {
    restUntil,
    scheduledAt: state.keepFresh ? Math.max(state.scheduledAt, restUntil) : Infinity,
  });
}

/**
 * Whether a known record can be put back: it has its tokens, or is a tombstone whose time is not over.
 *
 * @internal
 */
export const isRestorable = (known: RecordState<unknown>, now: number): boolean =>
  known.status === 'forgotten'
    ? (known.tombstoneUntil ?? -Infinity) > now
    : known.body !== undefined && known.facts !== undefined;

function revived<Body>(
  state: RecordState<Body>,
  known: RecordState<Body>,
  restUntil: number,
): RecordState<Body> {
  const { keepFresh, facts, status, refusedGrant, deadFingerprint } = known;
  const scheduled = keepFresh && status === 'active';
  return update(known, {
    ...historyOf(state, known),
    restUntil,
    scheduledAt: scheduled ? Math.max(facts?.dueAt ?? Infinity, restUntil) : Infinity,
    siblings: siblingsOf(state, known),
    refusedGrant: refusedGrant ?? state.refusedGrant,
    deadFingerprint: deadFingerprint ?? state.deadFingerprint,
    intent: undefined,
    backoff: undefined,
  });
}

function tombstone<Body>(
  state: RecordState<Body>,
  known: RecordState<Body>,
  now: number,
): RecordState<Body> {
  return update(known, {
    ...historyOf(state, known),
    tombstoneUntil: Math.min(known.tombstoneUntil ?? now, now + TOMBSTONE_MS),
  });
}

/** What both have seen; the known one's is newer. Versions go on from the higher one. */
function historyOf<Body>(state: RecordState<Body>, known: RecordState<Body>) {
  const seeds = new Set([...state.seedFingerprints, ...known.seedFingerprints]);
  const spent = [...state.spentFingerprints, ...known.spentFingerprints];
  const present = [state.facts?.refreshFingerprint, state.deadFingerprint].filter(
    (fingerprint) => fingerprint !== known.facts?.refreshFingerprint,
  );
  const newer = new Set(known.answers.map(({ intentId }) => intentId));
  const older = state.answers.filter(({ intentId }) => !newer.has(intentId));
  return {
    // A login is newer than the one that it ended, however far that one went on in a store that had lost the login.
    version: Math.max(known.version, state.version + 1),
    seedFingerprints: [...seeds].slice(-REMEMBERED),
    spentFingerprints: spend({ ...known, spentFingerprints: [...new Set(spent)] }, ...present),
    answers: [...older, ...known.answers].slice(-REMEMBERED),
  };
}

/** Answers that came late are kept, as long as their refresh tokens are news. */
function siblingsOf<Body>(
  state: RecordState<Body>,
  known: RecordState<Body>,
): readonly Sibling<Body>[] {
  const kept = known.siblings.map(({ facts }) => facts.refreshFingerprint);
  const late = state.siblings.filter(({ facts: { refreshFingerprint = '' } }) => {
    return !hasKnown(known, refreshFingerprint) && !kept.includes(refreshFingerprint);
  });
  // Bodies are sealed for their login.
  const same = state.epoch === known.epoch ? late : [];
  return [...same, ...known.siblings].slice(-MAX_SIBLINGS);
}

const changeOf = (before: RecordState<unknown>, after: RecordState<unknown>) =>
  before.epoch === after.epoch ? 'tokens' : 'login';
