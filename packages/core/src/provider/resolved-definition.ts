import type { GrantType } from '../model/grant.js';
import type {
  AnswerField,
  HeaderValue,
  ProviderDefinition,
  TokenParameter,
} from './provider-definition.js';
import type { FailureOutcome } from './token-answer.js';

/** All grants that can be spoken. @internal */
export const GRANT_TYPES: readonly GrantType[] = [
  'password',
  'client_credentials',
  'refresh_token',
  'authorization_code',
];

/** Where RFC 6749 section 5 (and what is common beside it) puts the members of an answer. */
const DEFAULT_FIELDS: Readonly<Record<AnswerField, readonly string[]>> = {
  accessToken: ['access_token'],
  tokenType: ['token_type'],
  expiresIn: ['expires_in'],
  expiresAt: [],
  refreshToken: ['refresh_token'],
  refreshTokenExpiresIn: ['refresh_token_expires_in', 'refresh_expires_in'],
  refreshTokenExpiresAt: [],
  scope: ['scope'],
  idToken: ['id_token'],
  error: ['error'],
  errorDescription: ['error_description'],
};

/** The codes of RFC 6749 sections 4.1.2.1 and 5.2, RFC 8628 section 3.5 and RFC 8707 section 2. */
const DEFAULT_CODES: Readonly<Record<string, FailureOutcome>> = {
  invalid_client: 'misconfigured',
  unauthorized_client: 'misconfigured',
  unsupported_grant_type: 'misconfigured',
  invalid_scope: 'misconfigured',
  invalid_target: 'misconfigured',
  invalid_grant: 'reauthorizationRequired',
  temporarily_unavailable: 'transient',
  server_error: 'ambiguous',
  slow_down: 'throttled',
};

/**
 * A definition with every default filled in: the only form that requests are built and answers are read with.
 *
 * @internal
 */
export interface ResolvedDefinition {
  readonly name: string;
  readonly grants: readonly GrantType[];
  readonly parameterNames: Readonly<Partial<Record<TokenParameter, string>>>;
  readonly grantValues: Readonly<Partial<Record<GrantType, string>>>;
  readonly extraParameters: Readonly<Partial<Record<GrantType, Readonly<Record<string, string>>>>>;
  readonly neverSend: ReadonlySet<string>;
  readonly userCredentials: 'body' | 'basicHeader';
  readonly requestHeaders: Readonly<Record<string, string>>;
  /** The secret values among the request's headers. */
  readonly headerSecrets: readonly string[];
  readonly jsonp: boolean;
  readonly fields: Readonly<Record<AnswerField, readonly string[]>>;
  readonly absentValues: ReadonlySet<string>;
  readonly defaultLifetimeMs: number;
  readonly withoutExpiry: 'default' | 'never';
  readonly defaultRefreshTokenLifetimeMs: number | undefined;
  readonly extras: readonly string[];
  readonly codes: ReadonlyMap<string, FailureOutcome>;
  readonly statuses: ReadonlyMap<number, FailureOutcome>;
  readonly refusedStatuses: ReadonlySet<number>;
  readonly hints: ReadonlyMap<number, string>;
  readonly scheme: string;
  readonly attachHeaders: Readonly<Record<string, string>>;
  readonly expiredStatuses: ReadonlySet<number>;
}

type Headers = Readonly<Record<string, HeaderValue>> | undefined;

const headerText = (value: HeaderValue): string =>
  typeof value === 'string' ? value : value.secret;

const plainHeaders = (headers: Headers): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), headerText(value)]),
  );

const byStatus = <Value>(entries: Readonly<Record<number, Value>> = {}): Map<number, Value> =>
  new Map(Object.entries(entries).map(([status, value]) => [Number(status), value]));

type RequestPart = Pick<
  ResolvedDefinition,
  | 'parameterNames'
  | 'grantValues'
  | 'extraParameters'
  | 'neverSend'
  | 'userCredentials'
  | 'requestHeaders'
  | 'headerSecrets'
>;

function resolveRequest({ request = {} }: ProviderDefinition): RequestPart {
  const headerValues = Object.values(request.headers ?? {});
  return {
    parameterNames: request.parameterNames ?? {},
    grantValues: request.grantValues ?? {},
    extraParameters: request.extraParameters ?? {},
    neverSend: new Set(request.neverSend),
    userCredentials: request.userCredentials ?? 'body',
    requestHeaders: plainHeaders(request.headers),
    headerSecrets: headerValues.flatMap((value) =>
      typeof value === 'string' ? [] : [value.secret],
    ),
  };
}

/**
 * Fills the defaults of RFC 6749 into a definition that was found valid.
 *
 * @internal
 */
export function resolveDefinition(definition: ProviderDefinition): ResolvedDefinition {
  const { response = {}, errors = {}, attach = {} } = definition;
  return {
    name: definition.name,
    grants: definition.grants ?? GRANT_TYPES,
    ...resolveRequest(definition),
    jsonp: response.jsonp ?? false,
    fields: { ...DEFAULT_FIELDS, ...response.fields },
    absentValues: new Set(['', 'null', ...(response.absentValues ?? [])]),
    defaultLifetimeMs: response.expiry?.defaultLifetimeMs ?? 3_600_000,
    withoutExpiry: response.expiry?.withoutExpiry ?? 'default',
    defaultRefreshTokenLifetimeMs: response.expiry?.defaultRefreshTokenLifetimeMs,
    extras: response.extras ?? [],
    codes: new Map(Object.entries({ ...DEFAULT_CODES, ...errors.codes })),
    statuses: byStatus(errors.statuses),
    refusedStatuses: new Set(errors.refusedStatuses),
    hints: byStatus(errors.hints),
    scheme: attach.scheme ?? 'Bearer',
    attachHeaders: plainHeaders(attach.headers),
    expiredStatuses: new Set(attach.expiredStatuses ?? [401]),
  };
}
