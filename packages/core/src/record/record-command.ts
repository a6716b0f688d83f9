import type { RecordState, RenewalFailure, RenewalReason, TokenFacts } from './record-state.js';

/** The version and epoch that a command is based on. @public */
export interface RecordBase {
  readonly version: number;
  readonly epoch: string;
}

/**
 * Announces a token request before it is sent.
 *
 * @public
 */
export interface BeginCommand<Body> {
  readonly intentId: string;
  readonly base: RecordBase;
  readonly owner: string;
  readonly kind: 'refresh' | 'login';
  /** Of the refresh token to be sent, or of the grant. */
  readonly fingerprint: string;
  readonly leaseMs: number;
  /** How long beyond the lease an orphan of this intent stays untouched. */
  readonly takeoverMs: number;
  /** A person asked: a backoff does not hold it back. */
  readonly force: boolean;
  /** The intent that the plan has weighed ('': none); another one that was left has to be weighed first. Absent: whichever. */
  readonly seenIntentId?: string;
  /** The sender's own intent that it has settled as ambiguous: the refresh token is sent again at once, within its grace. */
  readonly replayOf?: string;
  /** Fingerprint of the settings that it is made with. */
  readonly settings: string;
  /** For a record without tokens: its key, and whether the background should try again. */
  readonly fresh: { readonly body: Body; readonly keepFresh: boolean };
}

/** What became of an announcement: taken (`orphan` when it took over one that was left), or why not. @public */
export type BeginAnswer =
  | { readonly kind: 'ok'; readonly orphan: boolean }
  | { readonly kind: 'stale' }
  | { readonly kind: 'busy'; readonly until: number }
  | { readonly kind: 'backoff'; readonly until: number }
  | { readonly kind: 'dead' };

/**
 * Stores the answer of a token request.
 *
 * @public
 */
export interface CommitCommand<Body> {
  readonly intentId: string;
  readonly base: RecordBase;
  readonly body: Body;
  readonly facts: TokenFacts;
  readonly keepFresh: boolean;
  readonly reason: RenewalReason;
  /** The epoch of a login; a refresh stays in its own. */
  readonly newEpoch?: string;
  /** Of the refresh token that was sent for it: it is spent, also where the store has lost the record that held it. */
  readonly sentFingerprint?: string;
  /** The seeds that the record had known, for a store that has lost them. */
  readonly seedFingerprints?: readonly string[];
  /** The answer had no usable access token: hold the next try until then. */
  readonly defect?: { readonly failure: RenewalFailure; readonly retryAt: number };
}

/**
 * `committed` · `sibling` (kept beside a newer version) · `superseded` (already known, or nothing that could be kept) ·
 * `tooOld` (so far behind that nobody can tell what became of it: never used, and not thrown away either) ·
 * `oldEpoch` (someone logged in or out meanwhile: revoke it).
 *
 * @public
 */
export type CommitAnswer = {
  readonly kind: 'committed' | 'sibling' | 'superseded' | 'tooOld' | 'oldEpoch';
};

/**
 * Ends an intent that brought no new tokens.
 *
 * @public
 */
export interface SettleCommand {
  readonly intentId: string;
  readonly base: RecordBase;
  readonly reason: RenewalReason;
  readonly outcome: SettleOutcome;
}

/** How a token request ended that brought no new tokens. @public */
export type SettleOutcome =
  /** Nothing was sent. */
  | { readonly kind: 'notSent' }
  /** Try again then. */
  | {
      readonly kind: 'backoff';
      readonly until: number;
      readonly failure: RenewalFailure;
      /** Only as long as the settings are these. */
      readonly settings?: string;
      /** Nothing was tried: it is no further failure. */
      readonly held?: true;
    }
  /** The present token is still good; renew then. */
  | { readonly kind: 'tooEarly'; readonly until: number }
  /** It may have been processed: the intent stays for the takeover delay. */
  | { readonly kind: 'ambiguous'; readonly failure: RenewalFailure }
  /** The refresh token is dead; `canLogin` when the registration can log in by itself. */
  | { readonly kind: 'dead'; readonly canLogin: boolean; readonly failure: RenewalFailure }
  /** The login itself was refused for good. */
  | { readonly kind: 'loginRefused'; readonly failure: RenewalFailure };

/**
 * `settled` · `stale` (a newer version is there: use it) · `notOwner` (the intent is not ours any more) ·
 * `trySibling` (an untried sibling took the place of the dead token: go on with it) · `dead` (this write made the transition) ·
 * `alreadyDead`.
 *
 * @public
 */
export type SettleAnswer = {
  readonly kind: 'settled' | 'stale' | 'notOwner' | 'trySibling' | 'dead' | 'alreadyDead';
};

/**
 * Stores the tokens of a login or an import; wins over everything under way.
 *
 * @public
 */
export interface PutCommand<Body> {
  readonly intentId: string;
  /** Only when the record is still at this version; absent: always. */
  readonly expectedVersion?: number;
  readonly newEpoch: string;
  readonly body: Body;
  readonly facts: TokenFacts;
  readonly keepFresh: boolean;
  readonly reason: RenewalReason;
  /** The refresh token is a seed: it is not planted when this record has known it. */
  readonly seed?: boolean;
  /** Of the refresh token that was sent for it: it is spent. */
  readonly sentFingerprint?: string;
  /** Of the grant that logged in: it is not refused any more. */
  readonly grantFingerprint?: string;
}

/** `put`, or `conflict` when the record has moved on or has known the seed. @public */
export type PutAnswer = { readonly kind: 'put' | 'conflict' };

/**
 * Deletes the tokens and leaves a tombstone.
 *
 * @public
 */
export interface ForgetCommand {
  readonly intentId: string;
  readonly newEpoch: string;
  /** Only when the record is still at this version; absent: always. */
  readonly expectedVersion?: number;
}

/** `forgotten`, or `conflict` when the record has moved on. @public */
export type ForgetAnswer = { readonly kind: 'forgotten' | 'conflict' };

/**
 * Puts back what the store has lost: a record as somebody knows it who has seen a newer one.
 *
 * @public
 */
export interface RestoreCommand<Body> {
  readonly intentId: string;
  /** The record as it was last known, bodies as the store keeps them. */
  readonly known: RecordState<Body>;
  /** How long its refresh token is left alone: an announcement that was lost too may be another process's. */
  readonly restMs: number;
}

/** `restored`, or `notNewer` when what is stored cannot be proven to be older. @public */
export type RestoreAnswer = { readonly kind: 'restored' | 'notNewer' };

/**
 * Notes a use of the token, or parks an idle one.
 *
 * @public
 */
export interface TouchCommand {
  readonly usedAt?: number;
  /** Not before then should the background look again. */
  readonly parkUntil?: number;
}
