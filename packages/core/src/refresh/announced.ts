import type { TokenRecord } from '../store/token-store.js';
import { heldBack } from './renewal-outcome.js';
import type { RenewalStep } from './renewal.js';

/**
 * Waits for a record that another process has announced a request for; a refresh token of unknown fate rests until then.
 *
 * @internal
 */
export function waitFor(record: TokenRecord, until: number): RenewalStep {
  const isResting = record.state.intent?.ambiguous === true;
  return { kind: 'wait', until, ...(isResting && { resting: heldBack(record, until) }) };
}

/**
 * The intent that a plan has weighed: one whose lease still ran had not been left then.
 *
 * @internal
 */
export function weighed(record: TokenRecord | undefined, plannedAt: number): string {
  const { intent } = record?.state ?? {};
  return intent === undefined || intent.leaseUntil > plannedAt ? '' : intent.intentId;
}

/**
 * Whether a record stands as it was planned on.
 *
 * @internal
 */
export function isSame(planned: TokenRecord | undefined, present: TokenRecord): boolean {
  const { version, epoch, intent } = present.state;
  const { state } = planned ?? {};
  return (
    intent !== undefined &&
    state?.version === version &&
    state.epoch === epoch &&
    state.intent?.intentId === intent.intentId
  );
}
