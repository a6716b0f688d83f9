import type { FailureOutcome } from '../provider/token-answer.js';

/**
 * `empty`: nothing stored yet · `active`: tokens stored · `reauthorizationRequired`: the grant is dead and nothing here can log in ·
 * `forgotten`: a tombstone that keeps late commits from bringing the tokens back.
 *
 * @public
 */
export type RecordStatus = 'empty' | 'active' | 'reauthorizationRequired' | 'forgotten';

/** Why a renewal was started. @public */
export type RenewalReason = 'boot' | 'due' | 'demand' | 'rejected' | 'manual' | 'login';

/**
 * Written before a token request is sent, found after a crash.
 *
 * @public
 */
export interface RenewalIntent {
  readonly intentId: string;
  /** The process that holds it, for people. */
  readonly owner: string;
  readonly kind: 'refresh' | 'login';
  /** Fingerprint of the refresh token that is being sent, or of the grant. */
  readonly fingerprint: string;
  /** When it began; for a refresh token whose fate was unknown already, when it was first to be sent. */
  readonly since: number;
  /** Until then its owner may be sending. */
  readonly leaseUntil: number;
  /** From then on another one may send the same refresh token. */
  readonly takeoverAt: number;
  /** The owner has said that it does not know whether its request was processed. */
  readonly ambiguous?: boolean;
  /** The refresh whose fate was unknown when this began. It counts again when this brings no tokens and tells nothing about it. */
  readonly unsettled?: RenewalIntent;
}

/**
 * The refresh whose fate is unknown: the intent itself, or the one behind the login that is to settle it.
 *
 * @internal
 */
export const unsettledRefresh = (intent: RenewalIntent | undefined): RenewalIntent | undefined =>
  intent?.kind === 'refresh' ? intent : intent?.unsettled;

/** What went wrong last, without secrets. @public */
export interface RenewalFailure {
  readonly outcome: FailureOutcome;
  readonly code: string;
  readonly message: string;
  /** When this run of failures began. */
  readonly since: number;
  readonly nextTryAt?: number;
}

/** The times of a token set that the store decides by, and the fingerprint of its refresh token. @public */
export interface TokenFacts {
  readonly issuedAt: number;
  readonly expiresAt: number;
  /** When the refresher should act, drawn once per version; infinite when nothing can renew it. */
  readonly dueAt: number;
  readonly refreshTokenExpiresAt?: number;
  readonly refreshFingerprint?: string;
}

/** Tokens that came too late for the version they were based on, and may yet be the living ones. @public */
export interface Sibling<Body> {
  readonly intentId: string;
  readonly facts: TokenFacts;
  readonly body: Body;
}

/**
 * Everything of a record that the reducer decides by; `Body` (the key and its tokens) is opaque to it.
 *
 * @public
 */
export interface RecordState<Body> {
  /** Grows with every write of tokens, by one; 0 before the first. */
  readonly version: number;
  /** Drawn by whoever logs in, compared only for equality. */
  readonly epoch: string;
  readonly status: RecordStatus;
  readonly body?: Body | undefined;
  readonly facts?: TokenFacts | undefined;
  /** Whether the background keeps it fresh. */
  readonly keepFresh: boolean;
  /** When the due index offers it next; infinite when not scheduled. */
  readonly scheduledAt: number;
  /** The refresh tokens that this record was seeded with: none is planted twice. */
  readonly seedFingerprints: readonly string[];
  /** The refresh token that is known to be dead. */
  readonly deadFingerprint?: string | undefined;
  /** The grant whose login was refused for good; a changed one may try again. */
  readonly refusedGrant?: string | undefined;
  /** Refresh tokens that were sent or superseded, newest last. */
  readonly spentFingerprints: readonly string[];
  readonly siblings: readonly Sibling<Body>[];
  readonly intent?: RenewalIntent | undefined;
  readonly backoff?:
    | {
        readonly until: number;
        readonly attempt: number;
        /** The settings that failed: others are not held back. */
        readonly settings?: string;
      }
    | undefined;
  readonly failure?: RenewalFailure | undefined;
  readonly lastRenewal?:
    | {
        readonly at: number;
        readonly outcome: 'refreshed' | FailureOutcome;
        readonly reason: RenewalReason;
      }
    | undefined;
  readonly usedAt?: number | undefined;
  /**
   * Until then the refresh token is not sent: the record was put back into a store that had lost it, so another process may be sending it
   * whose announcement was lost as well.
   */
  readonly restUntil?: number | undefined;
  /** The logins before this one, newest last: a record of one of them is older than this, whatever its version. */
  readonly endedEpochs?: readonly string[] | undefined;
  /** Until when a tombstone stays. */
  readonly tombstoneUntil?: number | undefined;
  /** The first answer to each of the last intents: a repeated write repeats it. */
  readonly answers: readonly { readonly intentId: string; readonly answer: string }[];
}

/** How many answers to intents a record remembers. */
export const REMEMBERED = 16;

/** How many spent refresh tokens it knows by their fingerprints. */
export const MOST_SPENT = 8;

/** How many ended logins it knows by their epochs. */
export const MOST_ENDED = 4;

/** How many siblings a record keeps. */
export const MAX_SIBLINGS = 4;

/** How long a tombstone stays, ms. */
export const TOMBSTONE_MS = 24 * 3_600_000;

/** The longest lease that a record accepts, ms. */
export const MAX_LEASE_MS = 300_000;

/**
 * The state of a key that nothing was written for.
 *
 * @public
 */
export const EMPTY_RECORD: RecordState<never> = {
  version: 0,
  epoch: '',
  status: 'empty',
  keepFresh: false,
  scheduledAt: Infinity,
  seedFingerprints: [],
  spentFingerprints: [],
  siblings: [],
  answers: [],
};
