import type { ClientRegistration } from '../model/client-registration.js';
import type { Grant } from '../model/grant.js';
import type { TokenKey } from '../model/token-key.js';
import type { RecordState } from '../record/record-state.js';
import { hasKnown } from '../record/transition.js';
import type { TokenStore } from '../store/token-store.js';
import type { Clock } from '../timing/clock.js';
import { withDeadline } from '../util/with-deadline.js';

/** Longest wait for `grantFor`, ms. */
const GRANT_MS = 10_000;

/**
 * The grant by which a key can log in without a person, if there is one.
 *
 * A registration's own grant serves only keys without a subject; a seed serves only the plain key, since it must not be sent twice.
 *
 * @throws Error when `grantFor` failed, or has not answered within ten seconds
 * @internal
 */
export async function selfLoginGrant(
  registration: ClientRegistration,
  key: TokenKey,
  clock: Clock,
): Promise<Grant | undefined> {
  const grant =
    key.subject === undefined ? registration.grant : await grantFor(registration, key, clock);
  const plain = key.scope === undefined && key.resource === undefined;
  return grant?.type === 'refresh_token' && !plain ? undefined : grant;
}

async function grantFor(
  registration: ClientRegistration,
  key: TokenKey,
  clock: Clock,
): Promise<Grant | undefined> {
  if (registration.grantFor === undefined) return undefined;
  const grant = await withDeadline(registration.grantFor(key), clock, GRANT_MS);
  if (typeof grant === 'string') throw new Error('grantFor() did not answer.');
  return grant;
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
