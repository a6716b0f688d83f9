import type { ClientRegistration } from '../model/client-registration.js';
import type { TokenKey } from '../model/token-key.js';
import type { TokenSet } from '../model/token-set.js';
import type { TokenEndpointClient } from './token-endpoint-client.js';

/**
 * Revokes tokens at the authorization server, where it has an endpoint for it; best effort, never rejects.
 *
 * @see [RFC 7009](https://www.rfc-editor.org/rfc/rfc7009)
 * @internal
 */
export async function revokeQuietly(
  endpoint: TokenEndpointClient,
  about: { readonly registration: ClientRegistration; readonly key: TokenKey },
  tokens: TokenSet,
): Promise<void> {
  const { accessToken, refreshToken } = tokens;
  if (refreshToken !== undefined) {
    await endpoint.revoke(about, { value: refreshToken, hint: 'refresh_token' });
  }
  if (accessToken !== '')
    await endpoint.revoke(about, { value: accessToken, hint: 'access_token' });
}
