const BASE_MS = 500;
const CAP_MS = 30_000;
const FLOOR_MS = 100;

/**
 * How long to wait before the next try, ms: full jitter over a doubling range, within a third of what remains of the token.
 *
 * @param attempt - failures so far, 0 for the first
 * @param remainingMs - until the present token ends; not positive when there is none
 * @param random - from 0 (included) to 1 (excluded)
 * @internal
 */
export function backoffDelay(attempt: number, remainingMs: number, random: number): number {
  const cap = remainingMs > 0 ? Math.min(CAP_MS, remainingMs / 3) : CAP_MS;
  const range = Math.min(cap, BASE_MS * 2 ** Math.min(attempt, 16));
  return Math.max(FLOOR_MS, Math.round(range * random));
}

/**
 * A pause that a server asked for, brought into bounds: one second to ten minutes.
 *
 * @internal
 */
export function clampRetryAfter(retryAfterMs: number | undefined, fallbackMs: number): number {
  const wanted = retryAfterMs ?? fallbackMs;
  return Number.isFinite(wanted) ? Math.min(Math.max(wanted, 1_000), 600_000) : fallbackMs;
}
