import type { FailureOutcome } from '../provider/token-answer.js';
import type { RenewalReason } from '../record/record-state.js';

/** How a token stands, in a word. @public */
export type TokenState =
  'none' | 'fresh' | 'due' | 'renewing' | 'expired' | 'reauthorizationRequired' | 'misconfigured';

/**
 * How a token stands, without secrets. Times are epoch ms.
 *
 * @public
 */
export interface TokenStatus {
  readonly registrationId: string;
  readonly subject?: string;
  readonly scope?: readonly string[];
  readonly resource?: readonly string[];
  /** Name of the provider adapter. */
  readonly provider: string;
  readonly state: TokenState;
  readonly issuedAt?: number;
  readonly expiresAt?: number;
  readonly dueAt?: number;
  readonly refreshTokenExpiresAt?: number;
  readonly version: number;
  readonly lastRenewal?: {
    readonly at: number;
    readonly outcome: 'refreshed' | FailureOutcome;
    readonly reason: RenewalReason;
  };
  readonly failure?: {
    readonly code: string;
    readonly message: string;
    readonly since: number;
    readonly nextTryAt?: number;
  };
}
