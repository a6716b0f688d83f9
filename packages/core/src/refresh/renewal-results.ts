import type { TokenRecord } from '../store/token-store.js';
import { compact } from '../util/compact.js';
import type { RenewalResult } from './renewal.js';

/** `grantFor` failed. @internal */
export const GRANT_UNAVAILABLE: RenewalResult = {
  outcome: 'transient',
  code: 'grant_unavailable',
  message: 'grantFor() of the registration failed, so that nothing could log in.',
};

/** It is too early. @internal */
export const held = (code: string, message: string, nextTryAt: number): RenewalResult => ({
  outcome: 'transient',
  code,
  message,
  nextTryAt,
});

/** The tokens of the last renewal are not stored yet. @internal */
export const storeAway = (now: number): RenewalResult => ({
  outcome: 'transient',
  code: 'store_unavailable',
  message: 'The token store has not confirmed the last renewal; it comes first.',
  nextTryAt: now + 1_000,
});

/** Another process is at it. @internal */
export const busy = (until: number): RenewalResult => ({
  outcome: 'busy',
  code: 'renewal_in_progress',
  message: 'Another process is renewing this token.',
  nextTryAt: until,
});

/** Nothing can log in. @internal */
export const noLogin = (
  code: string,
  message: string,
  record: TokenRecord | undefined,
): RenewalResult =>
  compact({
    outcome: 'reauthorizationRequired' as const,
    code,
    message,
    since: record?.state.failure?.since,
  });
