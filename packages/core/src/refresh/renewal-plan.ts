import type { Grant, RefreshTokenGrant } from '../model/grant.js';
import type { RefreshTokenReuse } from '../provider/provider-adapter.js';
import { type RenewalReason, unsettledRefresh } from '../record/record-state.js';
import type { TokenRecord } from '../store/token-store.js';

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
  /** Nothing can log in, and that is known. */
  | { readonly kind: 'none'; readonly code: string; readonly message: string };

/** The plans that send a token request or give up: all of them need the record to themselves. @internal */
export type GuardedPlan = Extract<RenewalPlan, { kind: 'refresh' | 'login' | 'giveUp' }>;

/** Whether a plan is about a refresh token, so that its fingerprint is one. @internal */
export const isRefresh = (plan: GuardedPlan): boolean =>
  plan.kind === 'refresh' || (plan.kind === 'giveUp' && plan.fingerprint !== undefined);

/** What the plan is made from. @internal */
export interface PlanFacts {
  readonly record: TokenRecord | undefined;
  readonly now: number;
  readonly reason: RenewalReason;
  /** The access token that an API has refused. */
  readonly rejected?: string | undefined;
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
  const { record, reason } = facts;
  if (record !== undefined && willDo(record, facts)) return { kind: 'adopt' };
  if (reason === 'boot' && record?.state.status === 'forgotten') return nothingToDo(record);
  const refresh = planRefresh(facts);
  if (refresh !== undefined && !isStrictOrphan(facts)) return refresh;
  const grant = await facts.selfLogin();
  const login = grant === undefined ? undefined : planLogin(facts, grant);
  // A refresh token whose fate is unknown waits for its takeover when nothing else can log in.
  if (login?.kind === 'login' || refresh === undefined) return login ?? giveUp(facts);
  return refresh;
}

function willDo(record: TokenRecord, facts: PlanFacts): boolean {
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
  const refreshToken = record?.tokens?.refreshToken;
  if (record === undefined || refreshToken === undefined) return undefined;
  if ((record.tokens?.refreshTokenExpiresAt ?? Infinity) <= now) return undefined;
  const fingerprint = fingerprintOf.refreshToken(refreshToken);
  if (fingerprint === record.state.deadFingerprint) return undefined;
  return { kind: 'refresh', grant: { type: 'refresh_token', refreshToken }, fingerprint };
}

/** A refresh token that was sent by a process that vanished or did not learn the answer. */
function isStrictOrphan({ record, now, reuse }: PlanFacts): boolean {
  const refresh = unsettledRefresh(record?.state.intent);
  return reuse === 'strict' && refresh !== undefined && refresh.leaseUntil <= now;
}

function planLogin(facts: PlanFacts, grant: Grant): RenewalPlan | undefined {
  const { record, reason, fingerprintOf } = facts;
  if (grant.type === 'refresh_token') {
    const planted =
      fingerprintOf.refreshToken(grant.refreshToken) === record?.state.seedFingerprint;
    return planted ? undefined : { kind: 'seed', grant };
  }
  const fingerprint = fingerprintOf.grant(grant);
  const refused = record?.state.refusedGrant === fingerprint && reason !== 'manual';
  return refused ? nothingToDo(record) : { kind: 'login', grant, fingerprint };
}

function giveUp({ record, fingerprintOf }: PlanFacts): RenewalPlan {
  if (record?.tokens === undefined || record.state.status === 'reauthorizationRequired') {
    return nothingToDo(record);
  }
  const { refreshToken } = record.tokens;
  if (refreshToken === undefined) {
    const message = 'The access token ended and the authorization server gave no refresh token.';
    return { kind: 'giveUp', fingerprint: undefined, code: 'no_refresh_token', message };
  }
  const message = 'The refresh token has ended.';
  const token = fingerprintOf.refreshToken(refreshToken);
  const fingerprint = token === record.state.deadFingerprint ? undefined : token;
  return { kind: 'giveUp', fingerprint, code: 'refresh_token_expired', message };
}

function nothingToDo(record: TokenRecord | undefined): RenewalPlan {
  const failure = record?.state.failure;
  return {
    kind: 'none',
    code: failure?.code ?? 'login_required',
    message: failure?.message ?? 'Nobody has logged in yet, and no grant is configured that could.',
  };
}
