import { isClient, isUser } from './accounts.js';
import type {
  FamilyOwner,
  HttpReply,
  IssuedTokens,
  RawRequest,
  SandboxDialect,
  TokenCall,
  TokenErrorCode,
} from './dialect.js';
import { faultReply, type SandboxFault } from './faults.js';
import { describeCall, describeIssued, type LedgerItem } from './ledger.js';
import { optional } from './parameters.js';
import type { SandboxState } from './sandbox-state.js';

type Outcome =
  | { readonly tokens: IssuedTokens }
  | {
      readonly error: TokenErrorCode;
      readonly description: string;
      readonly subject?: string;
      readonly reuse?: boolean;
    };

const refused = (error: TokenErrorCode, description: string): Outcome => ({ error, description });

/**
 * Acts on a token request, unless a fault answers in its place, and writes it into the ledger.
 *
 * @internal
 */
export function answerTokenRequest(
  state: SandboxState,
  dialect: SandboxDialect,
  request: RawRequest,
  fault: SandboxFault | undefined,
): HttpReply | undefined {
  const call = dialect.readTokenCall(request);
  const seen = {
    at: state.now(),
    dialect: dialect.name,
    ...describeCall(call),
    ...optional('fault', fault?.kind),
  };
  if (fault !== undefined) {
    const reply = faultReply(fault);
    if (reply !== undefined) {
      state.ledger.add({ ...seen, status: reply.status, error: reply.error });
      return reply;
    }
    if (fault.kind === 'reset' || fault.kind === 'hang') {
      state.ledger.add({ ...seen, status: 0 });
      return undefined;
    }
  }
  return act(state, dialect, call, seen);
}

function act(
  state: SandboxState,
  dialect: SandboxDialect,
  call: TokenCall,
  seen: Omit<LedgerItem, 'status'>,
): HttpReply {
  const outcome = decide(state, dialect, call);
  if ('error' in outcome) {
    const reply = dialect.renderError(outcome.error, outcome.description, call);
    state.ledger.add({
      ...seen,
      ...optional('subject', outcome.subject ?? seen.subject),
      status: reply.status,
      error: outcome.error,
      ...(outcome.reuse === true ? { reuse: true } : {}),
    });
    return reply;
  }
  const { tokens } = outcome;
  const offsetMs = state.settings.of(dialect.name).dateOffsetSeconds * 1000;
  const reply = dialect.renderTokens(tokens, call, offsetMs);
  state.ledger.add({
    ...seen,
    ...optional('subject', tokens.owner.subject),
    status: reply.status,
    issued: describeIssued(tokens),
  });
  return reply;
}

function decide(state: SandboxState, dialect: SandboxDialect, call: TokenCall): Outcome {
  if (call.malformed !== undefined) return refused('invalid_request', call.malformed);
  if (call.grant === '') return refused('invalid_request', 'the grant is missing');
  const accounts = state.accounts[dialect.name];
  if (dialect.needsClient && !isClient(accounts, call.clientId, call.clientSecret)) {
    return refused('invalid_client', 'unknown client or wrong secret');
  }
  if (!dialect.grants.includes(call.grant)) {
    return refused('unsupported_grant_type', 'this grant is not served here');
  }
  if (call.grant === 'refresh_token') return refresh(state, dialect, call);
  if (call.grant === 'password') {
    if (call.user === undefined) return refused('invalid_request', 'user credentials are missing');
    if (!isUser(accounts, call.user)) return refused('invalid_grant', 'unknown user or password');
  }
  const subject = call.user?.name ?? call.onBehalfOf;
  const owner = { ...ownerOf(dialect, call), ...optional('subject', subject) };
  // A client that can log in at any time is given no refresh token (RFC 6749, section 4.4.3).
  const withRefreshToken = call.grant !== 'client_credentials';
  return { tokens: state.families.login(owner, issuance(state, dialect), withRefreshToken) };
}

function refresh(state: SandboxState, dialect: SandboxDialect, call: TokenCall): Outcome {
  if (call.refreshToken === undefined) {
    return refused('invalid_request', 'the refresh token is missing');
  }
  const result = state.families.refresh(
    ownerOf(dialect, call),
    call.refreshToken,
    issuance(state, dialect),
  );
  if (result.kind === 'refused') {
    return {
      error: 'invalid_grant',
      description: 'unknown, expired, spent or revoked refresh token',
      reuse: result.reuse,
      ...optional('subject', result.subject),
    };
  }
  if (result.rotated || dialect.repeatsRefreshToken) return { tokens: result.tokens };
  const { owner, accessToken, issuedAt, expiresAt } = result.tokens;
  return { tokens: { owner, accessToken, issuedAt, expiresAt } };
}

const ownerOf = (dialect: SandboxDialect, call: TokenCall): FamilyOwner => ({
  dialect: dialect.name,
  ...(dialect.needsClient ? optional('clientId', call.clientId) : {}),
  ...optional('scope', call.scope),
});

/** What a dialect issues tokens by at this moment. @internal */
export const issuance = (
  state: SandboxState,
  dialect: SandboxDialect,
): { settings: ReturnType<SandboxState['settings']['of']>; mint: SandboxDialect } => ({
  settings: state.settings.of(dialect.name),
  mint: dialect,
});
