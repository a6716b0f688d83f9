import type { ClientRegistration } from '../model/client-registration.js';

import { type LeasePlan, planLease } from '../timing/timing-policy.js';

/**
 * How long a renewal of these tokens may hold their record. Of a registration that nobody here knows the worst is assumed.
 *
 * @internal
 */
export function leaseOf(
  registration: ClientRegistration | undefined,
  tokens: { readonly issuedAt: number; readonly expiresAt: number } | undefined,
): LeasePlan {
  const lifetime = tokens === undefined ? undefined : tokens.expiresAt - tokens.issuedAt;
  const known = lifetime !== undefined && lifetime > 0 ? lifetime : undefined;
  const { provider, http } = registration ?? {};
  return planLease(provider?.refreshTokenReuse ?? 'strict', known, http?.timeoutMs);
}
