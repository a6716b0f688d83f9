import type { ConfigurationProblem } from '../errors/errors.js';
import {
  type Check,
  duration,
  either,
  filledText,
  httpUrl,
  listOf,
  must,
  oneOf,
  optional,
  recordOf,
  shape,
} from './definition-checks.js';
import type { AnswerField, ProviderDefinition, TokenParameter } from './provider-definition.js';
import { GRANT_TYPES } from './resolved-definition.js';
import type { FailureOutcome } from './token-answer.js';

const PARAMETERS: Readonly<Record<TokenParameter, true>> = {
  grant_type: true,
  username: true,
  password: true,
  refresh_token: true,
  code: true,
  redirect_uri: true,
  code_verifier: true,
  client_id: true,
  client_secret: true,
  scope: true,
  resource: true,
  token: true,
  token_type_hint: true,
};

const FIELDS: Readonly<Record<AnswerField, true>> = {
  accessToken: true,
  tokenType: true,
  expiresIn: true,
  expiresAt: true,
  refreshToken: true,
  refreshTokenExpiresIn: true,
  refreshTokenExpiresAt: true,
  scope: true,
  idToken: true,
  error: true,
  errorDescription: true,
};

const OUTCOMES: Readonly<Record<FailureOutcome, true>> = {
  transient: true,
  throttled: true,
  ambiguous: true,
  tooEarly: true,
  misconfigured: true,
  reauthorizationRequired: true,
};

/** Headers that are ours to set. */
const OWN_HEADERS = ['authorization', 'content-type', 'content-length', 'host'];

const isHeaderName = (value: unknown): boolean =>
  typeof value === 'string' &&
  /^[\w!#$%&'*+.^`|~-]+$/.test(value) &&
  !OWN_HEADERS.includes(value.toLowerCase());

const isHeaderValue = (value: unknown): boolean =>
  typeof value === 'string' && /^[\x20-\x7e]+$/.test(value);

const headerValue: Check = must(isHeaderValue, 'must be printable ASCII on one line');

const headers = recordOf(
  must(isHeaderName, 'is not the name of a header that may be set here'),
  either(shape({ secret: headerValue }), headerValue),
);

const grantType = oneOf(GRANT_TYPES);
const outcome = oneOf(Object.keys(OUTCOMES));

const isStatus = (value: unknown): boolean =>
  Number.isInteger(value) && Number(value) >= 100 && Number(value) <= 599;

const STATUS_MESSAGE = 'must be an HTTP status between 100 and 599';
const status = must(isStatus, STATUS_MESSAGE);
/** The same as the name of a member, which is always a text. */
const statusName = must((name) => isStatus(Number(name)), STATUS_MESSAGE);

const path = must(
  (value) =>
    typeof value === 'string' &&
    value !== '' &&
    !value.split('.').some((name) => name === '' || name === '__proto__'),
  'must be a path of member names joined by dots',
);

const reuse = either(
  oneOf(['strict', 'reusable']),
  must(
    (value) => shape({ graceMs: duration })(value, '').length === 0,
    "must be 'strict', 'reusable' or { graceMs } with a positive number",
  ),
);

const definition: Check = shape({
  name: must(
    (value) => typeof value === 'string' && /^[\w.-]{1,64}$/.test(value),
    'must be 1 to 64 letters, digits, dots, dashes or underscores',
  ),
  endpoints: optional(
    shape({
      token: httpUrl,
      authorize: optional(httpUrl),
      revoke: optional(httpUrl),
      introspect: optional(httpUrl),
      userinfo: optional(httpUrl),
    }),
  ),
  issuer: optional(httpUrl),
  tls: optional(must((value) => typeof value === 'object' && value !== null, 'must be an object')),
  grants: optional(listOf(grantType, { filled: true })),
  clientAuthentication: optional(oneOf(['client_secret_post', 'client_secret_basic', 'none'])),
  needsClientId: optional(must((value) => typeof value === 'boolean', 'must be true or false')),
  request: optional(
    shape({
      parameterNames: optional(recordOf(oneOf(Object.keys(PARAMETERS)), filledText)),
      grantValues: optional(recordOf(grantType, filledText)),
      extraParameters: optional(recordOf(grantType, recordOf(filledText, filledText))),
      neverSend: optional(listOf(filledText)),
      userCredentials: optional(oneOf(['body', 'basicHeader'])),
      headers: optional(headers),
    }),
  ),
  response: optional(
    shape({
      jsonp: optional(must((value) => typeof value === 'boolean', 'must be true or false')),
      fields: optional(recordOf(oneOf(Object.keys(FIELDS)), listOf(path))),
      absentValues: optional(listOf(filledText)),
      expiry: optional(
        shape({
          defaultLifetimeMs: optional(duration),
          withoutExpiry: optional(oneOf(['default', 'never'])),
          defaultRefreshTokenLifetimeMs: optional(duration),
        }),
      ),
      extras: optional(listOf(path)),
    }),
  ),
  rotation: optional(
    shape({
      refreshTokenReuse: optional(reuse),
      earliestRefreshBeforeExpiryMs: optional(duration),
    }),
  ),
  errors: optional(
    shape({
      codes: optional(recordOf(filledText, outcome)),
      statuses: optional(recordOf(statusName, outcome)),
      refusedStatuses: optional(listOf(status)),
      hints: optional(recordOf(statusName, filledText)),
    }),
  ),
  attach: optional(
    shape({
      scheme: optional(
        must(
          (value) => typeof value === 'string' && /^[\w!#$%&'*+.^`|~-]+$/.test(value),
          'must be one word',
        ),
      ),
      headers: optional(headers),
      expiredStatuses: optional(listOf(status, { filled: true })),
    }),
  ),
});

/**
 * Everything that is wrong with a definition, by path.
 *
 * @internal
 */
export function definitionProblems(value: ProviderDefinition): readonly ConfigurationProblem[] {
  const problems = definition(value, '');
  const { endpoints, issuer } = (value as ProviderDefinition | undefined) ?? {};
  if (problems.length > 0 || endpoints !== undefined || issuer !== undefined) return problems;
  return [{ path: 'endpoints', message: 'give the endpoints, or an issuer that names them' }];
}
