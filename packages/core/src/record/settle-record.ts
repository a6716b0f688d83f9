import { compact } from '../util/compact.js';
import { promoteSibling } from './commit-record.js';
import type { SettleAnswer, SettleCommand, SettleOutcome } from './record-command.js';
import type { RecordState, RenewalIntent } from './record-state.js';
import { recalled, remember, type Transition, unchanged, update } from './transition.js';

const SETTLE_KINDS = ['settled', 'trySibling', 'dead', 'alreadyDead'] as const;

/**
 * Ends an intent without new tokens. Only its owner may; a record that has moved on is left as it is.
 *
 * @internal
 */
export function settleRecord<Body>(
  state: RecordState<Body>,
  command: SettleCommand,
  now: number,
): Transition<Body, SettleAnswer> {
  const before = recalled(state, command.intentId, SETTLE_KINDS);
  if (before !== undefined) return unchanged(state, { kind: before });
  if (state.version !== command.base.version || state.epoch !== command.base.epoch) {
    return unchanged(state, { kind: 'stale' });
  }
  const intent = state.intent;
  if (intent?.intentId !== command.intentId) return unchanged(state, { kind: 'notOwner' });
  const { outcome } = command;
  switch (outcome.kind) {
    case 'notSent':
      return end(state, command, {});
    case 'backoff':
      return end(state, command, {
        backoff: compact({
          until: outcome.until,
          attempt: (state.backoff?.attempt ?? 0) + (outcome.held ? 0 : 1),
          settings: outcome.settings,
        }),
        failure: { ...outcome.failure, since: state.failure?.since ?? outcome.failure.since },
        lastRenewal: { at: now, outcome: outcome.failure.outcome, reason: command.reason },
        scheduledAt: state.keepFresh ? outcome.until : Infinity,
      });
    case 'tooEarly':
      return end(state, command, {
        backoff: { until: outcome.until, attempt: 0 },
        lastRenewal: { at: now, outcome: 'tooEarly', reason: command.reason },
        scheduledAt: state.keepFresh ? outcome.until : Infinity,
      });
    case 'ambiguous':
      return keepAmbiguous(state, command, intent, outcome, now);
    case 'dead':
      return declareDead(state, command, intent, outcome, now);
    case 'loginRefused':
      return refuseLogin(state, command, intent, outcome, now);
  }
}

function end<Body>(
  state: RecordState<Body>,
  command: SettleCommand,
  changes: Parameters<typeof update<Body>>[1],
): Transition<Body, SettleAnswer> {
  const answer: SettleAnswer = { kind: 'settled' };
  // An intent that ended without tokens is due again at once unless the outcome says when.
  const scheduledAt = state.keepFresh ? (state.facts?.dueAt ?? Infinity) : Infinity;
  const next = update(state, { scheduledAt, ...changes, intent: state.intent?.unsettled });
  return { state: remember(next, command.intentId, answer), answer, change: 'failed' };
}

/** The intent stays, so that nobody sends the same refresh token before the takeover delay; its lease ends now. */
function keepAmbiguous<Body>(
  state: RecordState<Body>,
  command: SettleCommand,
  intent: RenewalIntent,
  outcome: Extract<SettleOutcome, { kind: 'ambiguous' }>,
  now: number,
): Transition<Body, SettleAnswer> {
  // Said again after a lost reply.
  if (intent.ambiguous) return unchanged(state, { kind: 'settled' });
  const next = update(state, {
    intent: { ...intent, ambiguous: true, leaseUntil: Math.min(intent.leaseUntil, now) },
    failure: {
      ...outcome.failure,
      since: state.failure?.since ?? outcome.failure.since,
      nextTryAt: intent.takeoverAt,
    },
    // It holds nothing back, and counts.
    backoff: { until: now, attempt: (state.backoff?.attempt ?? 0) + 1 },
    lastRenewal: { at: now, outcome: 'ambiguous', reason: command.reason },
    scheduledAt: state.keepFresh ? intent.takeoverAt : Infinity,
  });
  return { state: next, answer: { kind: 'settled' }, change: 'failed' };
}

function declareDead<Body>(
  state: RecordState<Body>,
  command: SettleCommand,
  intent: RenewalIntent,
  outcome: Extract<SettleOutcome, { kind: 'dead' }>,
  now: number,
): Transition<Body, SettleAnswer> {
  const deadFingerprint = intent.kind === 'refresh' ? intent.fingerprint : state.deadFingerprint;
  if (state.siblings.length > 0) {
    return tryNextSibling(update(state, { deadFingerprint }), command, now);
  }
  const again = state.status === 'reauthorizationRequired';
  const answer: SettleAnswer = { kind: again ? 'alreadyDead' : 'dead' };
  const next = update(state, {
    status: outcome.canLogin ? state.status : 'reauthorizationRequired',
    deadFingerprint,
    intent: undefined,
    backoff: undefined,
    failure: outcome.failure,
    lastRenewal: { at: now, outcome: 'reauthorizationRequired', reason: command.reason },
    // With a login still to come the record is due at once, so that a crash before it is made good.
    scheduledAt: outcome.canLogin && state.keepFresh ? now : Infinity,
  });
  return {
    state: remember(next, command.intentId, answer),
    answer,
    change: outcome.canLogin ? 'failed' : 'dead',
  };
}

function refuseLogin<Body>(
  state: RecordState<Body>,
  command: SettleCommand,
  intent: RenewalIntent,
  outcome: Extract<SettleOutcome, { kind: 'loginRefused' }>,
  now: number,
): Transition<Body, SettleAnswer> {
  const { unsettled } = intent;
  if (unsettled !== undefined) {
    // The refresh token may live yet: it is tried once more when its takeover delay is over.
    const scheduledAt = state.keepFresh ? unsettled.takeoverAt : Infinity;
    return end(state, command, { refusedGrant: intent.fingerprint, scheduledAt });
  }
  const refusedGrant = intent.fingerprint;
  if (state.siblings.length > 0) {
    return tryNextSibling(update(state, { refusedGrant }), command, now);
  }
  // Nobody has tried the refresh token since: it lives until a server says otherwise.
  if (mayLive(state, now)) return end(state, command, { refusedGrant });
  const again = state.status === 'reauthorizationRequired';
  const answer: SettleAnswer = { kind: again ? 'alreadyDead' : 'dead' };
  const next = update(state, {
    status: 'reauthorizationRequired',
    refusedGrant,
    intent: undefined,
    backoff: undefined,
    failure: outcome.failure,
    lastRenewal: { at: now, outcome: 'reauthorizationRequired', reason: command.reason },
    scheduledAt: Infinity,
  });
  return { state: remember(next, command.intentId, answer), answer, change: 'dead' };
}

/** Goes on with the newest answer that came late. */
function tryNextSibling<Body>(
  state: RecordState<Body>,
  { intentId }: SettleCommand,
  now: number,
): Transition<Body, SettleAnswer> {
  const answer: SettleAnswer = { kind: 'trySibling' };
  return {
    state: remember(promoteSibling(state, now), intentId, answer),
    answer,
    change: 'tokens',
  };
}

/** Whether there is a refresh token that nobody knows to be dead. */
function mayLive({ facts, deadFingerprint }: RecordState<unknown>, now: number): boolean {
  const { refreshFingerprint, refreshTokenExpiresAt = Infinity } = facts ?? {};
  return (
    refreshFingerprint !== undefined &&
    refreshFingerprint !== deadFingerprint &&
    refreshTokenExpiresAt > now
  );
}
