import { NEVER_EXPIRES } from '../model/token-set.js';
import { compact } from '../util/compact.js';
import { type AnswerMembers, firstPresent, readAnswerBody } from './answer-body.js';
import { classifyFailure, type Failure } from './failure-classification.js';
import { cleanDescription, type TokenProblem } from './failure-message.js';
import type { TokenHttpResponse, TokenResponseContext } from './provider-adapter.js';
import type { AnswerField } from './provider-definition.js';
import type { ResolvedDefinition } from './resolved-definition.js';
import { parseHttpDate, parseRetryAfter } from './timestamps.js';
import type { FailedAnswer, ReceivedTokens, TokenAnswer } from './token-answer.js';
import { lifetimeOfJwt, lifetimeOfSeconds, lifetimeOfTimestamp } from './token-lifetime.js';
import { grantSecrets } from './token-request.js';
import { isAccessToken, isRefreshToken, readScope } from './token-text.js';

/** One answer under the eyes of one definition. */
interface Reading {
  readonly definition: ResolvedDefinition;
  readonly context: TokenResponseContext;
  readonly members: AnswerMembers;
  readonly status: number;
  /** The server's clock, else ours when the request was sent, epoch ms. */
  readonly serverNow: number;
  readonly retryAfterMs: number | undefined;
}

const field = (reading: Reading, name: AnswerField): unknown =>
  firstPresent(reading.members, reading.definition.fields[name], reading.definition.absentValues);

/** The answer's error member, where it says that something is wrong. */
function errorOf(reading: Reading): unknown {
  const error = field(reading, 'error');
  if (error === undefined || error === false || error === 0) return undefined;
  const isEmpty = typeof error === 'object' && error !== null && Object.keys(error).length === 0;
  return isEmpty ? undefined : error;
}

/** Every credential that the server was told or tells: none of them may show in a text. */
function secretsOf(reading: Reading): readonly string[] {
  const received = (['accessToken', 'refreshToken', 'idToken'] as const)
    .map((name) => field(reading, name))
    .filter((value) => typeof value === 'string');
  return [...grantSecrets(reading.context.grant), ...received];
}

function failed(reading: Reading, details: Pick<Failure, 'error' | 'problem'>): FailedAnswer {
  const { status, retryAfterMs, context, definition } = reading;
  const secrets = secretsOf(reading);
  const description = cleanDescription(field(reading, 'errorDescription'), secrets);
  const failure = { ...details, status, retryAfterMs, description, secrets, grant: context.grant };
  return classifyFailure(failure, definition);
}

function accessTokenEnd(reading: Reading, accessToken: string): number {
  const { definition, context, serverNow } = reading;
  const seconds = field(reading, 'expiresIn');
  const timestamp = field(reading, 'expiresAt');
  const lifetime =
    lifetimeOfSeconds(seconds) ??
    lifetimeOfTimestamp(timestamp, serverNow) ??
    lifetimeOfJwt(accessToken);
  if (lifetime !== undefined) return context.sentAt + lifetime;
  const isUntold = seconds === undefined && timestamp === undefined;
  if (isUntold && definition.withoutExpiry === 'never') return NEVER_EXPIRES;
  return context.sentAt + definition.defaultLifetimeMs;
}

function refreshTokenEnd(reading: Reading, hasNewOne: boolean): number | undefined {
  const { definition, context, serverNow } = reading;
  const lifetime =
    lifetimeOfSeconds(field(reading, 'refreshTokenExpiresIn')) ??
    lifetimeOfTimestamp(field(reading, 'refreshTokenExpiresAt'), serverNow) ??
    (hasNewOne ? definition.defaultRefreshTokenLifetimeMs : undefined);
  return lifetime === undefined ? undefined : context.sentAt + lifetime;
}

/** The further members to keep: plain values only, so that whoever copies them is safe. */
function readExtras({ definition, members }: Reading): Readonly<Record<string, unknown>> {
  const kept = definition.extras.map((path) => [
    path,
    firstPresent(members, [path], definition.absentValues),
  ]);
  return Object.fromEntries(
    kept.filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value)),
  ) as Record<string, unknown>;
}

/** What an answer brought, with or without an access token. */
function receivedTokens(reading: Reading, accessToken: string | undefined): ReceivedTokens {
  const refreshToken = field(reading, 'refreshToken');
  const idToken = field(reading, 'idToken');
  const newRefreshToken = isRefreshToken(refreshToken) ? refreshToken : undefined;
  const { sentAt } = reading.context;
  return compact({
    accessToken,
    tokenType: 'Bearer',
    issuedAt: sentAt,
    expiresAt: accessToken === undefined ? sentAt : accessTokenEnd(reading, accessToken),
    refreshToken: newRefreshToken,
    refreshTokenExpiresAt: refreshTokenEnd(reading, newRefreshToken !== undefined),
    scope: readScope(field(reading, 'scope')),
    idToken: isIdToken(idToken) ? idToken : undefined,
    extras: readExtras(reading),
  });
}

const isIdToken = (value: unknown): value is string =>
  typeof value === 'string' && /^[\x21-\x7e]+$/.test(value);

function tokenProblem(reading: Reading): TokenProblem | undefined {
  const accessToken = field(reading, 'accessToken');
  if (accessToken === undefined) return 'no_access_token';
  if (!isAccessToken(accessToken)) return 'invalid_access_token';
  const tokenType = field(reading, 'tokenType');
  const isOther = typeof tokenType === 'string' && tokenType.trim().toLowerCase() !== 'bearer';
  return isOther ? 'unsupported_token_type' : undefined;
}

/** Something is wrong with a 2xx answer: its refresh token, if it is a new one, must be kept all the same. */
function withDefect(reading: Reading, defect: FailedAnswer): TokenAnswer {
  const tokens = receivedTokens(reading, undefined);
  if (tokens.refreshToken === undefined) return defect;
  return { outcome: 'refreshed', tokens, defect };
}

function readSuccess(reading: Reading): TokenAnswer {
  const error = errorOf(reading);
  if (error !== undefined) {
    const { grant } = reading.context;
    const refusal = failed(reading, { error });
    // An error may repeat what was sent; only another refresh token is an answer.
    const isEcho =
      grant.type === 'refresh_token' && field(reading, 'refreshToken') === grant.refreshToken;
    return isEcho ? refusal : withDefect(reading, refusal);
  }
  const problem = tokenProblem(reading);
  if (problem === undefined) {
    const tokens = receivedTokens(reading, field(reading, 'accessToken') as string);
    return { outcome: 'refreshed', tokens };
  }
  const defect = failed(reading, { problem });
  // A server that hands out other tokens does so again: that is for a person to mend.
  return withDefect(
    reading,
    problem === 'unsupported_token_type' ? { ...defect, outcome: 'misconfigured' } : defect,
  );
}

/** A `Date` header is cut to the second: our own clock, where it agrees, knows the rest, so that no lifetime seems a second longer. */
const withinSecondOf = (date: number, now: number): number =>
  now >= date && now < date + 1_000 ? now : date;

const isSuccess = (status: number): boolean => status >= 200 && status <= 299;

/**
 * Reads an answer of a token endpoint (RFC 6749, sections 5.1 and 5.2) into its class and its tokens.
 *
 * Lifetimes count from before the request was sent; an absolute expiry is measured on the server's own clock (its `Date` header).
 * Only a 2xx answer brings tokens: an error may repeat what it was sent.
 *
 * @internal
 */
export function readTokenAnswer(
  definition: ResolvedDefinition,
  response: TokenHttpResponse,
  context: TokenResponseContext,
): TokenAnswer {
  const body = readAnswerBody(response.body, definition);
  const hasMembers = 'members' in body;
  const wrappedStatus = hasMembers ? body.wrappedStatus : undefined;
  const date = parseHttpDate(response.headers['date']) ?? context.sentAt;
  const reading: Reading = {
    definition,
    context,
    members: hasMembers ? body.members : {},
    status: isSuccess(response.status) ? (wrappedStatus ?? response.status) : response.status,
    serverNow: withinSecondOf(date, context.sentAt),
    retryAfterMs: parseRetryAfter(response.headers['retry-after'], date),
  };
  if (!hasMembers) return failed(reading, { problem: body.problem });
  return isSuccess(reading.status)
    ? readSuccess(reading)
    : failed(reading, { error: errorOf(reading) });
}
