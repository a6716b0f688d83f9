import type { Grant, RefreshTokenGrant } from '../model/grant.js';
import type { RefreshTokenReuse } from '../provider/provider-adapter.js';
import { type RenewalReason, unsettledRefresh } from '../record/record-state.js';
import type { Standing } from '../known/record-memory.js';
import type { TokenRecord } from '../store/token-store.js';
import { hasKnown } from '../record/transition.js';

/** How long a token that came from a refusal is not renewed for another one, ms. */
const MIN_FORCED_INTERVAL_MS = 30_000;

/** What a renewal should do next. @internal */
export type RenewalPlan =
  /** The stored tokens will do. */
  | { readonly kind: 'adopt' }
  | { readonly kind: 'refresh'; readonly grant: RefreshTokenGrant; readonly fingerprint: string }
  /** Plant the configured refresh token, then go on with it. */
  | { readonly kind: 'seed'; readonly grant: RefreshTokenGrant }
  | { readonly kind: 'login'; readonly grant: Grant; readonly fingerprint: string }
  /** Nothing can renew these tokens: say so in the store, once. */
  | {
      readonly kind: 'giveUp';
      /** Of the refresh token that has ended, where there is one. */
      readonly fingerprint: string | undefined;
      readonly code: string;
      readonly message: string;
    }
  /** It is too early for another renewal. */
  | {
      readonly kind: 'hold';
      readonly until: number;
      readonly code: string;
      readonly message: string;
    }
  /** Nothing can log in, and that is known. */
  | { readonly kind: 'none'; readonly code: string; readonly message: string };

/** The plans that send a token request or give up: all of them need the record to themselves. @internal */
export type GuardedPlan = Extract<RenewalPlan, { kind: 'refresh' | 'login' | 'giveUp' }>;

/** Whether a plan is about a refresh token, so that its fingerprint is one. @internal */
export const isRefresh = (plan: GuardedPlan): boolean =>
  plan.kind === 'refresh' || (plan.kind === 'giveUp' && plan.fingerprint !== undefined);

/** Plans that rest on a refresh token being unspent, or on its being all that there is. @internal */
export const usesRefreshToken = ({ kind }: RenewalPlan): boolean =>
  kind === 'refresh' || kind === 'seed' || kind === 'giveUp';

/** What the plan is made from. @internal */
export interface PlanFacts {
  readonly record: TokenRecord | undefined;
  /** How the record stands to what is known of it. */
  readonly standing: Standing;
  readonly now: number;
  readonly reason: RenewalReason;
  /** The access token that an API has refused. */
  readonly rejected?: string | undefined;
  /** Whether an API has taken the refused token before. */
  readonly proven: boolean;
  /** The record's version when this renewal started, once it has been read before. */
  readonly startVersion: number | undefined;
  readonly reuse: RefreshTokenReuse;
  /** Fingerprint of the refresh token, and of the grant. */
  readonly fingerprintOf: { refreshToken(token: string): string; grant(grant: Grant): string };
  readonly selfLogin: () => Promise<Grant | undefined>;
}

/**
 * Decides what a renewal does next, from the record as it stands.
 *
 * @internal
 */
export async function planRenewal(facts: PlanFacts): Promise<RenewalPlan> {
  const { record } = facts;
  if (record !== undefined && willDo(record, facts)) return { kind: 'adopt' };
  if (record !== undefined && wasForgotten(record, facts)) return nothingToDo(record);
  if (record !== undefined && isTooSoon(record, facts)) return hold(record);
  const refresh = planRefresh(facts);
  const unsettled = refresh === undefined || isStrictOrphan(facts);
  const seeded = (record?.state.seedFingerprints.length ?? 0) > 0;
  if (refresh !== undefined && !unsettled && !seeded) return refresh;
  const grant = await facts.selfLogin();
  const login = grant === undefined ? undefined : planLogin(facts, grant);
  // Another seed than those that are known is a new login, whatever is stored.
  if (login?.kind === 'seed') return login;
  if (login !== undefined && unsettled) return login;
  // A refresh token whose fate is unknown waits for its takeover when nothing else can log in.
  return refresh ?? giveUp(facts);
}

/** Nobody brings back what was forgotten, but a call that asks for it anew. */
function wasForgotten({ state }: TokenRecord, { reason, startVersion }: PlanFacts): boolean {
  if (state.status !== 'forgotten') return false;
  const meanwhile = startVersion !== undefined && state.version !== startVersion;
  return meanwhile || reason === 'boot' || reason === 'due';
}

/** A token that came from a refusal a moment ago and was never taken: another one would be refused as well. */
function isTooSoon({ tokens, state }: TokenRecord, facts: PlanFacts): boolean {
  const { reason, rejected, proven, now } = facts;
  if (reason !== 'rejected' || proven || tokens?.accessToken !== rejected) return false;
  const { lastRenewal: last } = state;
  const forced = last?.reason === 'rejected' && last.outcome === 'refreshed';
  return forced && now - last.at < MIN_FORCED_INTERVAL_MS;
}

function hold({ state }: TokenRecord): RenewalPlan {
  return {
    kind: 'hold',
    until: (state.lastRenewal?.at ?? 0) + MIN_FORCED_INTERVAL_MS,
    code: 'renewed_too_recently',
    message:
      'The API refused a token that was renewed after a refusal a moment ago: this looks like a missing permission.',
  };
}

function willDo(record: TokenRecord, facts: PlanFacts): boolean {
  if (facts.standing === 'ended') return false;
  const { now, reason, rejected, startVersion } = facts;
  const { tokens, state } = record;
  if (!tokens?.accessToken || tokens.expiresAt <= now || tokens.accessToken === rejected) {
    return false;
  }
  if (startVersion !== undefined && state.version !== startVersion) return true;
  if (reason === 'manual' || reason === 'login') return false;
  return reason === 'rejected' || now < (state.facts?.dueAt ?? Infinity);
}

function planRefresh(facts: PlanFacts): Extract<RenewalPlan, { kind: 'refresh' }> | undefined {
  const { record, now, fingerprintOf } = facts;
  if (wasLost(facts)) return undefined;
  const refreshToken = record?.tokens?.refreshToken;
  if (record === undefined || refreshToken === undefined) return undefined;
  if ((record.tokens?.refreshTokenExpiresAt ?? Infinity) <= now) return undefined;
  const fingerprint =
    record.state.facts?.refreshFingerprint ?? fingerprintOf.refreshToken(refreshToken);
  if (fingerprint === record.state.deadFingerprint) return undefined;
  return { kind: 'refresh', grant: { type: 'refresh_token', refreshToken }, fingerprint };
}

/** The store has gone back: the tokens are not the last of their login, or not of the last login. */
const wasLost = ({ standing, reuse }: PlanFacts): boolean =>
  standing === 'ended' || (standing === 'behind' && reuse !== 'reusable');

/** A refresh token that was sent by a process that vanished or did not learn the answer. */
function isStrictOrphan({ record, now, reuse }: PlanFacts): boolean {
  const refresh = unsettledRefresh(record?.state.intent);
  return reuse === 'strict' && refresh !== undefined && refresh.leaseUntil <= now;
}

/** The login that a grant allows; none when it was refused, or is a seed that is known. */
function planLogin(
  { record, fingerprintOf }: PlanFacts,
  grant: Grant,
): Extract<RenewalPlan, { kind: 'seed' | 'login' }> | undefined {
  if (grant.type === 'refresh_token') {
    const fingerprint = fingerprintOf.refreshToken(grant.refreshToken);
    const known = record !== undefined && hasKnown(record.state, fingerprint);
    return known ? undefined : { kind: 'seed', grant };
  }
  const fingerprint = fingerprintOf.grant(grant);
  if (record?.state.refusedGrant === fingerprint) return undefined;
  return { kind: 'login', grant, fingerprint };
}

function giveUp(facts: PlanFacts): RenewalPlan {
  const { record, fingerprintOf, now, rejected, standing } = facts;
  if (record?.tokens === undefined || record.state.status === 'reauthorizationRequired') {
    return nothingToDo(record);
  }
  const { refreshToken, accessToken, expiresAt } = record.tokens;
  const isUsable = accessToken !== '' && accessToken !== rejected && standing !== 'ended';
  if (isUsable && expiresAt > now) {
    const message = 'The present access token is valid, and nothing can renew it.';
    return { kind: 'none', code: 'not_renewable', message };
  }
  if (refreshToken === undefined) {
    const message = 'The access token ended and the authorization server gave no refresh token.';
    return { kind: 'giveUp', fingerprint: undefined, code: 'no_refresh_token', message };
  }
  const token = fingerprintOf.refreshToken(refreshToken);
  const fingerprint = token === record.state.deadFingerprint ? undefined : token;
  return { kind: 'giveUp', fingerprint, ...(wasLost(facts) ? LOST : EXPIRED) };
}

const EXPIRED = { code: 'refresh_token_expired', message: 'The refresh token has ended.' };

const LOST = {
  code: 'refresh_token_lost',
  message: 'The token store has lost the refresh token; the one that it came back with is spent.',
};

function nothingToDo(record: TokenRecord | undefined): RenewalPlan {
  const failure = record?.state.failure;
  return {
    kind: 'none',
    code: failure?.code ?? 'login_required',
    message: failure?.message ?? 'Nobody has logged in yet, and no grant is configured that could.',
  };
}
