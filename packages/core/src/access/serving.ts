import type { TokenRecord } from '../store/token-store.js';
import { mandatoryAt } from '../timing/timing-policy.js';

/**
 * How a stored token may be served: `fresh` as it is · `due` with a renewal behind it · `mandatory` after a short wait for the renewal ·
 * `expired` not at all.
 *
 * @internal
 */
export type Serving = 'fresh' | 'due' | 'mandatory' | 'expired';

/**
 * Decides how a stored token may be served now.
 *
 * @internal
 */
export function servingOf(
  record: TokenRecord | undefined,
  now: number,
  earliestRefreshBeforeExpiryMs?: number,
): Serving {
  const tokens = record?.tokens;
  if (!tokens?.accessToken || tokens.expiresAt <= now) return 'expired';
  if (now < (record?.state.facts?.dueAt ?? Infinity)) return 'fresh';
  return now < mandatoryAt(tokens, earliestRefreshBeforeExpiryMs) ? 'due' : 'mandatory';
}
