import type { TokenSet } from '../model/token-set.js';
import type { ReceivedTokens } from '../provider/token-answer.js';

/**
 * The tokens to store after an answer: what a refresh leaves out stays as it was (RFC 6749, section 6).
 *
 * @param previous - the tokens that were refreshed; none for a login
 * @internal
 */
export function mergeTokens(previous: TokenSet | undefined, received: ReceivedTokens): TokenSet {
  const { refreshToken = previous?.refreshToken } = received;
  const rotated = refreshToken !== previous?.refreshToken;
  const refreshTokenExpiresAt =
    received.refreshTokenExpiresAt ?? (rotated ? undefined : previous?.refreshTokenExpiresAt);
  const scope = received.scope ?? previous?.scope;
  const idToken = received.idToken ?? previous?.idToken;
  return {
    ...accessOf(previous, received),
    ...(refreshToken !== undefined && { refreshToken }),
    ...(refreshTokenExpiresAt !== undefined && { refreshTokenExpiresAt }),
    ...(scope !== undefined && { scope }),
    ...(idToken !== undefined && { idToken }),
    extras: { ...previous?.extras, ...received.extras },
  };
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
