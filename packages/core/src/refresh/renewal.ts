import type { KnownRecords } from '../known/known-records.js';
import type { RefreshLock } from '../lock/refresh-lock.js';
import type { ClientRegistration } from '../model/client-registration.js';
import type { Grant } from '../model/grant.js';
import type { TokenKey } from '../model/token-key.js';
import type { FailureOutcome } from '../provider/token-answer.js';
import type { RenewalReason } from '../record/record-state.js';
import type { TokenRecord, TokenStore } from '../store/token-store.js';
import type { Clock } from '../timing/clock.js';
import type { StoreTime } from '../timing/store-time.js';
import type { AnswerJournal } from './answer-journal.js';
import type { RenewalAnnouncer } from './renewal-announcer.js';
import type { SharedPauses } from './shared-pauses.js';
import type { TokenEndpointClient } from './token-endpoint-client.js';
import type { UnconfirmedCommits } from './unconfirmed-commits.js';

/** What became of a renewal. `busy`: another process is at it. @internal */
export type RenewalResult =
  | {
      readonly outcome: 'refreshed';
      readonly record: TokenRecord;
      /** The stored tokens would do: no request was made. */
      readonly adopted?: true;
    }
  | {
      readonly outcome: FailureOutcome | 'busy';
      readonly code: string;
      readonly message: string;
      readonly since?: number;
      readonly nextTryAt?: number;
    };

/** One renewal of one key. @internal */
export interface RenewalTask {
  readonly key: TokenKey;
  readonly registration: ClientRegistration;
  readonly reason: RenewalReason;
  /** The access token that an API has refused. */
  readonly rejected?: string | undefined;
  /** Whether an API has taken that token before. */
  readonly proven: boolean;
  /** How the key can log in without a person; asked at most once per renewal. */
  readonly selfLogin: () => Promise<Grant | undefined>;
}

/** What a step of a renewal leads to. @internal */
export type RenewalStep =
  | { readonly kind: 'done'; readonly result: RenewalResult }
  /** Read the record and plan anew. `replayOf`: the answer of that intent was lost, and its refresh token may be sent again at once. */
  | { readonly kind: 'again'; readonly replayOf?: string }
  /**
   * Another process is at it: wait for its change, at most until then. `locked`: it may not be in the record yet. `resting`: nobody is at
   * it, so that this is what there is to say until then.
   */
  | {
      readonly kind: 'wait';
      readonly until: number;
      readonly locked?: true;
      readonly resting?: RenewalResult;
    };

/** The parts that renewals work with. @internal */
export interface RenewalParts {
  readonly store: TokenStore;
  readonly lock: RefreshLock;
  readonly endpoint: TokenEndpointClient;
  readonly pauses: SharedPauses;
  readonly announcer: RenewalAnnouncer;
  readonly unconfirmed: UnconfirmedCommits;
  readonly journal: AnswerJournal;
  readonly known: KnownRecords;
  readonly time: StoreTime;
  readonly clock: Clock;
  readonly random: () => number;
  /** Names this process in intents. */
  readonly owner: string;
}
