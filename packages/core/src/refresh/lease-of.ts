import type { ClientRegistration } from '../model/client-registration.js';
import type { RefreshTokenReuse } from '../provider/provider-adapter.js';
import { type RenewalIntent, unsettledRefresh } from '../record/record-state.js';
import type { TokenRecord } from '../store/token-store.js';
import { type LeasePlan, planLease } from '../timing/timing-policy.js';

/** The lease of one request, and when its refresh token may be sent, epoch ms. @internal */
export interface RenewalLease extends LeasePlan {
  /** Whoever used it last may still have the answer. */
  readonly restUntil: number;
  /** When the grace of its first use is over. */
  readonly sendUntil: number;
}

/** The most doublings of a takeover delay. */
const MOST_DOUBLINGS = 6;

/**
 * How long a renewal of these tokens may hold their record. Of a registration that nobody here knows the worst is assumed.
 *
 * @internal
 */
export function leaseOf(
  registration: ClientRegistration | undefined,
  tokens: { readonly issuedAt: number; readonly expiresAt: number } | undefined,
  reuse: RefreshTokenReuse = registration?.provider.refreshTokenReuse ?? 'strict',
): LeasePlan {
  const lifetime = tokens === undefined ? undefined : tokens.expiresAt - tokens.issuedAt;
  const known = lifetime !== undefined && lifetime > 0 ? lifetime : undefined;
  return planLease(reuse, known, registration?.http?.timeoutMs);
}

/**
 * What another use of a refresh token would do now. A grace counts from its first use; after that it works once, like any other.
 *
 * @param intent - of its record
 * @internal
 */
export function reuseNow(
  declared: RefreshTokenReuse,
  intent: RenewalIntent | undefined,
  now: number,
): RefreshTokenReuse {
  if (typeof declared !== 'object') return declared;
  const sent = unsettledRefresh(intent);
  return sent !== undefined && now >= sent.since + declared.graceMs ? 'strict' : declared;
}

/**
 * The lease of the next request for a record as it stands. Within a grace the takeover delay doubles with each answer that is lost; after it
 * the delay is that of a token that works once, whoever used it last.
 *
 * @internal
 */
export function renewalLease(
  registration: ClientRegistration,
  record: Pick<TokenRecord, 'tokens' | 'state'> | undefined,
  now: number,
): RenewalLease {
  const declared = registration.provider.refreshTokenReuse;
  const { intent, backoff } = record?.state ?? {};
  const reuse = reuseNow(declared, intent, now);
  const plan = leaseOf(registration, record?.tokens, reuse);
  const free = { ...plan, restUntil: -Infinity, sendUntil: Infinity };
  const sent = unsettledRefresh(intent);
  if (typeof declared !== 'object' || sent === undefined) return free;
  if (reuse === 'strict') return { ...free, restUntil: sent.leaseUntil + plan.takeoverMs };
  const doublings = Math.min(Math.max((backoff?.attempt ?? 0) - 1, 0), MOST_DOUBLINGS);
  const sendUntil = sent.since + declared.graceMs;
  // What is to be done after the grace is done when it ends.
  const longest = Math.max(sendUntil - now - plan.leaseMs, plan.takeoverMs);
  return { ...free, takeoverMs: Math.min(plan.takeoverMs * 2 ** doublings, longest), sendUntil };
}
