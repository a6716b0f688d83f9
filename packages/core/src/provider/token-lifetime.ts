import { parseTimestamp } from './timestamps.js';

/** No token is believed to live longer, ms. */
const LONGEST_MS = 10 * 365.25 * 24 * 3_600_000;

/** No token is taken to live shorter, ms: renewals must not chase one another. */
const SHORTEST_MS = 1000;

/** A lifetime that can be worked with: positive, at most ten years, at least a second. */
function sane(lifetimeMs: number): number | undefined {
  if (!(lifetimeMs > 0 && lifetimeMs <= LONGEST_MS)) return undefined;
  return Math.max(SHORTEST_MS, Math.floor(lifetimeMs));
}

/**
 * The lifetime told in seconds (RFC 6749, section 5.1), ms. Numbers and digit strings count, fractions too; anything else, zero, a
 * negative number or more than ten years is `undefined`.
 *
 * The unit is never guessed from the size: EmpowerID's 3,600,000 are seconds.
 *
 * @internal
 */
export function lifetimeOfSeconds(value: unknown): number | undefined {
  if (typeof value === 'number') return sane(value * 1000);
  if (typeof value !== 'string' || !/^\d{1,20}(?:\.\d{1,20})?$/.test(value.trim())) {
    return undefined;
  }
  return sane(Number(value) * 1000);
}

/**
 * The lifetime told by an absolute end, ms: counted from the server's own clock where it is known, else from ours.
 *
 * @internal
 */
export function lifetimeOfTimestamp(value: unknown, now: number): number | undefined {
  const end = parseTimestamp(value);
  return end === undefined ? undefined : sane(end - now);
}

function jwtClaims(token: string): Record<string, unknown> | undefined {
  const parts = token.split('.');
  if (parts.length !== 3) return undefined;
  try {
    const claims: unknown = JSON.parse(Buffer.from(parts[1] ?? '', 'base64url').toString('utf8'));
    return typeof claims === 'object' && claims !== null
      ? (claims as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The lifetime that a JWT tells by `exp` minus `iat`, ms: a span, so that no clock is compared. The token is not verified; it is
 * a hint for when the answer itself tells nothing.
 *
 * @internal
 */
export function lifetimeOfJwt(token: string): number | undefined {
  const claims = jwtClaims(token);
  if (claims === undefined || !Object.hasOwn(claims, 'exp') || !Object.hasOwn(claims, 'iat')) {
    return undefined;
  }
  const { exp, iat } = claims;
  if (typeof exp !== 'number' || typeof iat !== 'number') return undefined;
  return sane((exp - iat) * 1000);
}
