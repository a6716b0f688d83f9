import type { TokenSet } from '../model/token-set.js';
import type { ProviderAdapter } from '../provider/provider-adapter.js';
import type { TokenFacts } from '../record/record-state.js';
import type { TokenStore } from '../store/token-store.js';
import { dueAt } from '../timing/timing-policy.js';
import { compact } from '../util/compact.js';

/**
 * The times of a token set and the fingerprint of its refresh token; what nothing can renew is never due.
 *
 * @param random - from 0 (included) to 1 (excluded)
 * @param canLogin - asked only when there is no refresh token
 * @internal
 */
export async function tokenFacts(
  store: Pick<TokenStore, 'fingerprint'>,
  provider: ProviderAdapter,
  tokens: TokenSet,
  random: number,
  canLogin: () => Promise<boolean>,
): Promise<TokenFacts> {
  const { refreshToken, issuedAt, expiresAt, refreshTokenExpiresAt } = tokens;
  const renewable = refreshToken !== undefined || (await canLogin().catch(() => true));
  return compact({
    issuedAt,
    expiresAt,
    dueAt: renewable ? dueAt(tokens, random, provider.earliestRefreshBeforeExpiryMs) : Infinity,
    refreshTokenExpiresAt,
    refreshFingerprint: refreshToken === undefined ? undefined : store.fingerprint(refreshToken),
  });
}
