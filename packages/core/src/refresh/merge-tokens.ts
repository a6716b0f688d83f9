import type { TokenSet } from '../model/token-set.js';
import type { ReceivedTokens } from '../provider/token-answer.js';
import { compact } from '../util/compact.js';

/**
 * The tokens to store after an answer: what a refresh leaves out stays as it was (RFC 6749, section 6).
 *
 * @param previous - the tokens that were refreshed; none for a login
 * @internal
 */
export function mergeTokens(previous: TokenSet | undefined, received: ReceivedTokens): TokenSet {
  const { refreshToken = previous?.refreshToken } = received;
  const rotated = refreshToken !== previous?.refreshToken;
  return compact({
    ...accessOf(previous, received),
    refreshToken,
    refreshTokenExpiresAt:
      received.refreshTokenExpiresAt ?? (rotated ? undefined : previous?.refreshTokenExpiresAt),
    scope: received.scope ?? previous?.scope,
    idToken: received.idToken ?? previous?.idToken,
    extras: { ...previous?.extras, ...received.extras },
  });
}

/** An answer without a usable access token leaves the present one to live out its time. */
function accessOf(
  previous: TokenSet | undefined,
  received: ReceivedTokens,
): Pick<TokenSet, 'accessToken' | 'tokenType' | 'issuedAt' | 'expiresAt'> {
  const { accessToken, tokenType, issuedAt, expiresAt } = received;
  if (accessToken !== undefined) return { accessToken, tokenType, issuedAt, expiresAt };
  if (previous !== undefined) {
    const { accessToken: present, tokenType: type, issuedAt: since, expiresAt: end } = previous;
    return { accessToken: present, tokenType: type, issuedAt: since, expiresAt: end };
  }
  return { accessToken: '', tokenType, issuedAt, expiresAt: issuedAt };
}
