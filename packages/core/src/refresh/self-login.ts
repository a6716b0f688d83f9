import type { ClientRegistration } from '../model/client-registration.js';
import type { Grant } from '../model/grant.js';
import type { TokenKey } from '../model/token-key.js';
import type { RecordState } from '../record/record-state.js';
import { hasKnown } from '../record/transition.js';
import type { TokenStore } from '../store/token-store.js';

/**
 * The grant by which a key can log in without a person, if there is one.
 *
 * A registration's own grant serves only keys without a subject; a seed serves only the plain key, since it must not be sent twice.
 *
 * @internal
 */
export async function selfLoginGrant(
  registration: ClientRegistration,
  key: TokenKey,
): Promise<Grant | undefined> {
  const grant = key.subject === undefined ? registration.grant : await registration.grantFor?.(key);
  const plain = key.scope === undefined && key.resource === undefined;
  return grant?.type === 'refresh_token' && !plain ? undefined : grant;
}

/**
 * The fingerprint of a grant with the client it is used by: it changes when the settings do.
 *
 * @internal
 */
export function grantFingerprint(
  store: Pick<TokenStore, 'fingerprint'>,
  registration: ClientRegistration,
  grant: Grant,
): string {
  const { clientId, clientSecret } = registration;
  const secret = typeof clientSecret === 'string' ? clientSecret : undefined;
  return store.fingerprint(JSON.stringify(['grant', clientId, secret, Object.entries(grant)]));
}

/**
 * Whether a grant can still log in: not refused before, and no seed that was planted already.
 *
 * @internal
 */
export function canLoginWith(
  store: Pick<TokenStore, 'fingerprint'>,
  registration: ClientRegistration,
  grant: Grant | undefined,
  state: RecordState<unknown>,
): boolean {
  if (grant === undefined) return false;
  if (grant.type === 'refresh_token') {
    return !hasKnown(state, store.fingerprint(grant.refreshToken));
  }
  return grantFingerprint(store, registration, grant) !== state.refusedGrant;
}
