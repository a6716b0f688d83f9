import { NEVER_EXPIRES } from '../model/token-set.js';
import type { RefreshTokenReuse } from '../provider/provider-adapter.js';

/** The lifetime of a token set that timing is about, epoch ms. @public */
export interface TokenLifetime {
  readonly issuedAt: number;
  readonly expiresAt: number;
  readonly refreshTokenExpiresAt?: number;
}

const clamp = (value: number, low: number, high: number): number =>
  Math.min(Math.max(value, low), high);

/**
 * From when on callers wait for a renewal, epoch ms: `expiresAt - min(max(2 s, 5 % of L), L / 10)`, never before the provider takes a refresh.
 *
 * @param earliestBeforeExpiryMs - the provider refuses refreshes until so long before the end
 * @public
 */
export function mandatoryAt(tokens: TokenLifetime, earliestBeforeExpiryMs?: number): number {
  const lifetime = tokens.expiresAt - tokens.issuedAt;
  const margin = Math.min(Math.max(2_000, 0.05 * lifetime), lifetime / 10);
  return Math.max(tokens.expiresAt - margin, earliestAt(tokens, earliestBeforeExpiryMs));
}

/**
 * When the refresher should act, epoch ms: at a random 75 to 85 % of the lifetime, and before the refresh token's own end.
 *
 * @param random - from 0 (included) to 1 (excluded); drawn once per version, so that all replicas agree
 * @public
 */
export function dueAt(
  tokens: TokenLifetime,
  random: number,
  earliestBeforeExpiryMs?: number,
): number {
  const share = 0.75 + 0.1 * random;
  const ends = [accessDueAt(tokens, share, earliestBeforeExpiryMs), refreshDueAt(tokens, share)];
  return Math.round(Math.max(earliestAt(tokens, earliestBeforeExpiryMs), Math.min(...ends)));
}

function accessDueAt(tokens: TokenLifetime, share: number, earliestMs?: number): number {
  if (tokens.expiresAt === NEVER_EXPIRES) return Infinity;
  const lifetime = tokens.expiresAt - tokens.issuedAt;
  return Math.min(
    tokens.issuedAt + lifetime * share,
    mandatoryAt(tokens, earliestMs) - 0.05 * lifetime,
  );
}

function refreshDueAt(tokens: TokenLifetime, share: number): number {
  const { refreshTokenExpiresAt, issuedAt } = tokens;
  if (refreshTokenExpiresAt === undefined) return Infinity;
  return issuedAt + (refreshTokenExpiresAt - issuedAt) * share;
}

function earliestAt(tokens: TokenLifetime, earliestMs: number | undefined): number {
  return earliestMs === undefined ? -Infinity : tokens.expiresAt - earliestMs;
}

/** How long one renewal may hold a record. @public */
export interface LeasePlan {
  readonly leaseMs: number;
  /** Longest token request. */
  readonly timeoutMs: number;
  /** How long beyond the lease the refresh token of a vanished process is left alone. */
  readonly takeoverMs: number;
}

/** The longest lease, ms. */
export const LONGEST_LEASE_MS = 20_000;

/**
 * Lease, deadline and takeover delay of a renewal, by what the provider does to a refresh token that is used twice.
 *
 * @param lifetimeMs - of the present token; unknown before the first login
 * @public
 */
export function planLease(
  reuse: RefreshTokenReuse,
  lifetimeMs: number | undefined,
  configuredTimeoutMs: number | undefined,
): LeasePlan {
  const longest = typeof reuse === 'object' ? 0.4 * reuse.graceMs : LONGEST_LEASE_MS;
  const wanted = clamp(0.15 * (lifetimeMs ?? Infinity), 3_000, LONGEST_LEASE_MS);
  // A configured deadline needs a lease that covers it.
  const needed = configuredTimeoutMs === undefined ? wanted : configuredTimeoutMs / 0.75;
  const leaseMs = Math.min(Math.max(wanted, needed), LONGEST_LEASE_MS, longest);
  const timeoutMs = Math.min(0.75 * leaseMs, configuredTimeoutMs ?? Infinity);
  return { leaseMs, timeoutMs, takeoverMs: takeoverDelay(reuse, lifetimeMs) };
}

function takeoverDelay(reuse: RefreshTokenReuse, lifetimeMs: number | undefined): number {
  if (reuse === 'reusable') return 0;
  if (typeof reuse === 'object') return 0.1 * reuse.graceMs;
  return Math.min(60_000, (lifetimeMs ?? Infinity) / 4);
}

/**
 * The longest `http.timeoutMs` that a provider's reuse rule leaves room for, ms.
 *
 * @internal
 */
export function longestTimeout(reuse: RefreshTokenReuse): number {
  const byLease = 0.75 * LONGEST_LEASE_MS;
  return typeof reuse === 'object' ? Math.min(byLease, 0.3 * reuse.graceMs) : byLease;
}
