import { compact } from '../util/compact.js';
import type { BeginAnswer, BeginCommand } from './record-command.js';
import {
  MAX_LEASE_MS,
  type RecordState,
  type RenewalIntent,
  unsettledRefresh,
} from './record-state.js';
import { type Transition, unchanged, update } from './transition.js';

/** The longest lease with its takeover delay, ms. */
const LONGEST_HOLD_MS = MAX_LEASE_MS + 60_000;

/**
 * Writes the intent of a token request, unless someone was faster, is at it, or knows better.
 *
 * @internal
 */
export function beginRecord<Body>(
  state: RecordState<Body>,
  command: BeginCommand<Body>,
  now: number,
): Transition<Body, BeginAnswer> {
  if (state.intent?.intentId === command.intentId) {
    return unchanged(state, { kind: 'ok', orphan: false });
  }
  const refusal = refuse(state, command, now);
  if (refusal !== undefined) return unchanged(state, refusal);
  const leaseUntil = now + Math.min(command.leaseMs, MAX_LEASE_MS);
  const orphan = orphanOf(state, command);
  const intent: RenewalIntent = compact({
    intentId: command.intentId,
    owner: command.owner,
    kind: command.kind,
    fingerprint: command.fingerprint,
    since: command.kind === 'refresh' ? (orphan?.since ?? now) : now,
    leaseUntil,
    takeoverAt: leaseUntil + command.takeoverMs,
    // A request that fails must not make the refresh token look unsent.
    unsettled: orphan && { ...orphan, ambiguous: true },
  });
  const keepFresh = state.body === undefined ? command.fresh.keepFresh : state.keepFresh;
  return {
    state: update(state, {
      intent,
      keepFresh,
      body: state.body ?? command.fresh.body,
      // The intent of a process that dies is found when its time is over.
      scheduledAt: keepFresh
        ? command.kind === 'refresh'
          ? intent.takeoverAt
          : leaseUntil
        : Infinity,
    }),
    // One that was left ambiguous was ended by its own process.
    answer: { kind: 'ok', orphan: state.intent !== undefined && !state.intent.ambiguous },
  };
}

function refuse<Body>(
  state: RecordState<Body>,
  command: BeginCommand<Body>,
  now: number,
): BeginAnswer | undefined {
  // An intent that has ended and is begun again is the echo of a lost reply.
  if (state.answers.some(({ intentId }) => intentId === command.intentId)) return { kind: 'stale' };
  if (state.version !== command.base.version || state.epoch !== command.base.epoch) {
    return { kind: 'stale' };
  }
  if (isKnownDead(state, command)) return { kind: 'dead' };
  const busyUntil = blockedUntil(state, command);
  // Nothing is held for so long: the store's clock has gone back since.
  if (busyUntil > now && busyUntil <= now + LONGEST_HOLD_MS)
    return { kind: 'busy', until: busyUntil };
  if (isUnweighed(state, command)) return { kind: 'stale' };
  const { until = -Infinity, settings = command.settings } = state.backoff ?? {};
  return until > now && settings === command.settings && !command.force
    ? { kind: 'backoff', until }
    : undefined;
}

function isKnownDead<Body>(state: RecordState<Body>, command: BeginCommand<Body>): boolean {
  if (command.kind === 'refresh') return state.deadFingerprint === command.fingerprint;
  return state.refusedGrant === command.fingerprint;
}

/** A refresh that was planned before somebody else's was left behind: what to do about that one is a plan of its own. */
function isUnweighed<Body>(state: RecordState<Body>, command: BeginCommand<Body>): boolean {
  const { kind, seenIntentId } = command;
  if (kind !== 'refresh' || seenIntentId === undefined || state.intent === undefined) return false;
  return state.intent.intentId !== seenIntentId;
}

/** The refresh whose fate is unknown, as far as it matters to a request: a login is to settle it, another use of its token repeats it. */
function orphanOf<Body>(
  { intent }: RecordState<Body>,
  { kind, fingerprint }: BeginCommand<Body>,
): RenewalIntent | undefined {
  const orphan = unsettledRefresh(intent);
  if (orphan === undefined || (kind === 'refresh' && orphan.fingerprint !== fingerprint)) {
    return undefined;
  }
  return compact({ ...orphan, unsettled: undefined });
}

/** A refresh token that was sent is left alone beyond the lease, but by who sent it and knows that it is over; a login may follow at once. */
function blockedUntil<Body>(
  { intent, restUntil = -Infinity }: RecordState<Body>,
  { kind, replayOf }: BeginCommand<Body>,
): number {
  const leaseUntil = intent?.leaseUntil ?? -Infinity;
  if (kind === 'login') return leaseUntil;
  const isReplay = intent?.ambiguous === true && intent.intentId === replayOf;
  const takeoverAt = isReplay ? undefined : unsettledRefresh(intent)?.takeoverAt;
  return Math.max(leaseUntil, restUntil, takeoverAt ?? -Infinity);
}
