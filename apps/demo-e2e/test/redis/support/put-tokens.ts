import type { Stored, TokenKey, TokenStore } from '@oauth-token/core';

/** Stores a login whose refresh token is `refresh-<number>`; it is due at once unless told otherwise. */
export async function putTokens(
  store: TokenStore,
  key: TokenKey,
  number: number,
  { lifetimeMs = 3_600_000, dueInMs = -1 } = {},
): Promise<Stored<unknown>> {
  const issuedAt = await store.time();
  const expiresAt = issuedAt + lifetimeMs;
  const refreshToken = `refresh-${number}`;
  return store.put(key, {
    intentId: `put-${number}-${issuedAt}`,
    newEpoch: `login-${number}-${issuedAt}`,
    body: {
      key,
      tokens: {
        accessToken: `access-${number}`,
        tokenType: 'Bearer',
        issuedAt,
        expiresAt,
        refreshToken,
        extras: {},
      },
    },
    facts: {
      issuedAt,
      expiresAt,
      dueAt: issuedAt + dueInMs,
      refreshFingerprint: store.fingerprint(refreshToken),
    },
    keepFresh: true,
    reason: 'login',
  });
}
