import type { FailureOutcome } from '../provider/token-answer.js';
import { hasCode, OAuthTokenError } from './oauth-token-error.js';

/** One thing that is wrong with the settings. @public */
export interface ConfigurationProblem {
  /** Where, such as `registrations[0].allowedOrigins`. */
  readonly path: string;
  /** What is wrong and what would be right. */
  readonly message: string;
}

/** The settings are wrong; names every problem at once. @public */
export class ConfigurationError extends OAuthTokenError {
  override readonly name = 'ConfigurationError';
  readonly code = 'invalid_configuration';

  constructor(readonly problems: readonly ConfigurationProblem[]) {
    const lines = problems.map(({ path, message }) => `  - ${path}: ${message}`);
    super(`The OAuth token settings have ${problems.length} problem(s):\n${lines.join('\n')}`);
  }
}

/** No registration has this id. @public */
export class RegistrationNotFoundError extends OAuthTokenError {
  override readonly name = 'RegistrationNotFoundError';
  readonly code = 'registration_not_found';

  constructor(
    readonly registrationId: string,
    known: readonly string[] = [],
  ) {
    const hint = known.length === 0 ? '' : ` Known ids: ${known.join(', ')}.`;
    super(`No client registration has the id '${registrationId}'.${hint}`);
  }
}

const whose = (registrationId: string, subject: string | undefined): string =>
  subject === undefined ? `'${registrationId}'` : `'${registrationId}' (subject '${subject}')`;

/** The grant is dead and nothing here can log in again: a person or another login must. @public */
export class ReauthorizationRequiredError extends OAuthTokenError {
  override readonly name = 'ReauthorizationRequiredError';
  readonly code = 'reauthorization_required';
  readonly registrationId: string;
  readonly subject: string | undefined;
  /** What the authorization server said, or why no login was tried. */
  readonly reason: string;

  constructor(details: { registrationId: string; subject?: string | undefined; reason: string }) {
    super(
      `${whose(details.registrationId, details.subject)} has to log in again: ${details.reason} ` +
        `No further token requests are made for it. Log in anew with authenticate(key, grant), or correct the registration's grant.`,
    );
    this.registrationId = details.registrationId;
    this.subject = details.subject;
    this.reason = details.reason;
  }
}

/** There is no valid token now; there may be one later. @public */
export class TokenUnavailableError extends OAuthTokenError {
  override readonly name = 'TokenUnavailableError';
  readonly code = 'token_unavailable';
  readonly registrationId: string;
  readonly subject: string | undefined;
  /** The class of the failure behind it; `waiting` when a renewal did not end in time. */
  readonly outcome: FailureOutcome | 'waiting';
  /** When this run of failures began, epoch ms. */
  readonly since: number | undefined;
  /** When the library tries again by itself, epoch ms. */
  readonly nextTryAt: number | undefined;

  constructor(details: {
    registrationId: string;
    subject?: string | undefined;
    outcome: FailureOutcome | 'waiting';
    reason: string;
    since?: number | undefined;
    nextTryAt?: number | undefined;
  }) {
    const { since, nextTryAt } = details;
    const sinceText = since === undefined ? '' : ` Since ${new Date(since).toISOString()}.`;
    const nextText =
      nextTryAt === undefined ? '' : ` Next try at ${new Date(nextTryAt).toISOString()}.`;
    super(
      `No valid access token for ${whose(details.registrationId, details.subject)}: ${details.reason}${sinceText}${nextText}`,
    );
    this.registrationId = details.registrationId;
    this.subject = details.subject;
    this.outcome = details.outcome;
    this.since = since;
    this.nextTryAt = nextTryAt;
  }
}

/** A login was refused or failed at the token endpoint. @public */
export class TokenEndpointError extends OAuthTokenError {
  override readonly name = 'TokenEndpointError';
  readonly code = 'token_endpoint_error';
  readonly registrationId: string;
  readonly outcome: FailureOutcome;
  /** The server's `error` code, cleaned. */
  readonly error: string;
  readonly status: number | undefined;

  constructor(details: {
    registrationId: string;
    outcome: FailureOutcome;
    error: string;
    reason: string;
    status?: number | undefined;
  }) {
    super(
      `The token endpoint did not log '${details.registrationId}' in (${details.outcome}, ${details.error}): ${details.reason} Nothing stored was changed.`,
    );
    this.registrationId = details.registrationId;
    this.outcome = details.outcome;
    this.error = details.error;
    this.status = details.status;
  }
}

/** The request's final origin may not see this bearer; nothing was sent. @public */
export class OriginNotAllowedError extends OAuthTokenError {
  override readonly name = 'OriginNotAllowedError';
  readonly code = 'origin_not_allowed';

  constructor(
    readonly registrationId: string,
    readonly origin: string,
    readonly allowedOrigins: readonly string[],
  ) {
    super(
      `The bearer of '${registrationId}' may not go to ${origin}; nothing was sent. ` +
        `Allowed origins: ${allowedOrigins.join(', ') || 'none'}. Add it to the registration's allowedOrigins if it belongs there.`,
    );
  }
}

/** The token store cannot be reached. @public */
export class StoreUnavailableError extends OAuthTokenError {
  override readonly name = 'StoreUnavailableError';
  readonly code = 'store_unavailable';
}

/** The caller's signal was aborted; a renewal under way goes on for others. @public */
export class WaitAbortedError extends OAuthTokenError {
  override readonly name = 'WaitAbortedError';
  readonly code = 'aborted';

  constructor(registrationId: string) {
    super(`The wait for a token of '${registrationId}' was aborted by its caller.`);
  }
}

/** Whether a value is a {@link ConfigurationError}, also across copies of the package. @public */
export const isConfigurationError = (value: unknown): value is ConfigurationError =>
  hasCode(value, 'invalid_configuration');

/** Whether a value is a {@link RegistrationNotFoundError}, also across copies of the package. @public */
export const isRegistrationNotFoundError = (value: unknown): value is RegistrationNotFoundError =>
  hasCode(value, 'registration_not_found');

/** Whether a value is a {@link ReauthorizationRequiredError}, also across copies of the package. @public */
export const isReauthorizationRequiredError = (
  value: unknown,
): value is ReauthorizationRequiredError => hasCode(value, 'reauthorization_required');

/** Whether a value is a {@link TokenUnavailableError}, also across copies of the package. @public */
export const isTokenUnavailableError = (value: unknown): value is TokenUnavailableError =>
  hasCode(value, 'token_unavailable');

/** Whether a value is a {@link TokenEndpointError}, also across copies of the package. @public */
export const isTokenEndpointError = (value: unknown): value is TokenEndpointError =>
  hasCode(value, 'token_endpoint_error');

/** Whether a value is a {@link OriginNotAllowedError}, also across copies of the package. @public */
export const isOriginNotAllowedError = (value: unknown): value is OriginNotAllowedError =>
  hasCode(value, 'origin_not_allowed');

/** Whether a value is a {@link StoreUnavailableError}, also across copies of the package. @public */
export const isStoreUnavailableError = (value: unknown): value is StoreUnavailableError =>
  hasCode(value, 'store_unavailable');
