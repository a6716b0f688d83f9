import type { RefreshTokenGrant } from '../model/grant.js';
import type { TokenSet } from '../model/token-set.js';
import type { TokenRecord } from '../store/token-store.js';
import { compact } from '../util/compact.js';
import { newId } from '../util/new-id.js';
import type { RenewalParts, RenewalTask } from './renewal.js';

/**
 * Stores a configured refresh token as the record's own, so that it is spent under the same rules as any other. The store refuses one
 * that the record has known.
 *
 * @internal
 */
export async function plantSeed(
  { store, time }: Pick<RenewalParts, 'store' | 'time'>,
  { key, registration, reason }: RenewalTask,
  record: TokenRecord | undefined,
  { refreshToken }: RefreshTokenGrant,
): Promise<void> {
  const now = time.now();
  const none = { accessToken: '', tokenType: 'Bearer', issuedAt: now, expiresAt: now, extras: {} };
  // What is stored is used until the seed has brought something newer.
  const tokens = withRefreshToken(record?.tokens ?? none, refreshToken);
  const { issuedAt, expiresAt } = tokens;
  const refreshFingerprint = store.fingerprint(refreshToken);
  await store.put(key, {
    intentId: newId(),
    expectedVersion: record?.state.version ?? 0,
    newEpoch: newId(),
    body: { key, tokens },
    facts: { issuedAt, expiresAt, dueAt: now, refreshFingerprint },
    keepFresh: registration.keepFresh !== false,
    reason,
    seed: true,
  });
}

/** A token set with another refresh token, of whose end nothing is known. */
function withRefreshToken(present: TokenSet, refreshToken: string): TokenSet {
  const refreshTokenExpiresAt = undefined;
  return compact({ ...present, refreshToken, refreshTokenExpiresAt });
}
