import type { TokenKey } from '../model/token-key.js';
import type { TokenRecord } from '../store/token-store.js';
import { compact } from '../util/compact.js';
import type { TokenState, TokenStatus } from './token-status.js';

/**
 * The status of a record, without secrets.
 *
 * @internal
 */
export function statusOf(
  key: TokenKey,
  provider: string,
  record: TokenRecord | undefined,
  now: number,
): TokenStatus {
  const { registrationId, subject, scope, resource } = key;
  const { facts, failure, lastRenewal, version } = record?.state ?? { version: 0 };
  const { issuedAt, expiresAt, dueAt, refreshTokenExpiresAt } = facts ?? {};
  return compact({
    registrationId,
    subject,
    scope,
    resource,
    provider,
    state: stateOf(record, now),
    issuedAt,
    expiresAt,
    dueAt: dueAt === Infinity ? undefined : dueAt,
    refreshTokenExpiresAt,
    version,
    lastRenewal,
    failure: failure && withoutOutcome(failure),
  });
}

function stateOf(record: TokenRecord | undefined, now: number): TokenState {
  if (record === undefined) return 'none';
  const { status, failure, intent, facts } = record.state;
  if (status === 'reauthorizationRequired') return 'reauthorizationRequired';
  if (failure?.outcome === 'misconfigured') return 'misconfigured';
  if (intent !== undefined && intent.leaseUntil > now) return 'renewing';
  if (status !== 'active' || record.tokens === undefined) return 'none';
  if (!record.tokens.accessToken || record.tokens.expiresAt <= now) return 'expired';
  return now < (facts?.dueAt ?? Infinity) ? 'fresh' : 'due';
}

function withoutOutcome(
  failure: NonNullable<TokenRecord['state']['failure']>,
): NonNullable<TokenStatus['failure']> {
  const { code, message, since, nextTryAt } = failure;
  return compact({ code, message, since, nextTryAt });
}
