import {
  isOAuthTokenError,
  isTokenUnavailableError,
  type OAuthTokenErrorCode,
} from '@oauth-token/core';
import { isAxiosError } from 'axios';
import { AccessRefusedError, InvalidRequestError } from './demo-errors.js';

/** What a caller is told of an error: nothing secret, no stack. */
export interface Failure {
  readonly status: number;
  /** The library's literal code, or one of the demo's own. */
  readonly code: string;
  /** What happened, in general. */
  readonly title: string;
  /** What happened this time. */
  readonly detail: string;
  readonly retryAfterSeconds?: number;
  /** Further members, such as the registration's id. */
  readonly members?: Readonly<Record<string, unknown>>;
}

type Kind = Pick<Failure, 'status' | 'title'>;

const LIBRARY: Readonly<Record<OAuthTokenErrorCode, Kind>> = {
  registration_not_found: { status: 404, title: 'No such registration' },
  origin_not_allowed: { status: 403, title: 'The bearer may not go to this origin' },
  reauthorization_required: { status: 409, title: 'A new login is needed' },
  token_unavailable: { status: 503, title: 'No valid token now' },
  token_endpoint_error: { status: 502, title: 'The login failed at the token endpoint' },
  store_unavailable: { status: 503, title: 'The token store cannot be reached' },
  aborted: { status: 503, title: 'The wait for a token was ended' },
  invalid_configuration: { status: 500, title: 'The settings are wrong' },
  unseal_failed: { status: 500, title: 'A stored token cannot be opened' },
  journal_failed: { status: 500, title: 'The spill journal did not keep an answer' },
};

const INTERNAL: Failure = {
  status: 500,
  code: 'internal_error',
  title: 'Something unexpected happened',
  detail: 'The log of the service says more.',
};

/** Refusals of the HTTP layer, whose own messages may quote the request. */
const HTTP: ReadonlyMap<number, Failure> = new Map(
  [
    {
      status: 400,
      code: 'invalid_request',
      title: 'Bad request',
      detail: 'It cannot be read: is it valid JSON?',
    },
    {
      status: 404,
      code: 'not_found',
      title: 'Not found',
      detail: 'There is nothing here; GET / lists what there is.',
    },
    { status: 413, code: 'payload_too_large', title: 'Too large', detail: 'A body may have 1 MB.' },
    {
      status: 415,
      code: 'unsupported_media_type',
      title: 'Unsupported',
      detail: 'Send JSON in UTF-8.',
    },
  ].map((failure) => [failure.status, failure]),
);

const TIMEOUTS: ReadonlySet<unknown> = new Set(['ECONNABORTED', 'ETIMEDOUT']);

/**
 * What a caller is told of an error, whatever it is.
 *
 * @param now - epoch ms, to tell when to try again
 */
export function describeFailure(error: unknown, now: number): Failure {
  if (error instanceof InvalidRequestError) {
    const { code, message, problems } = error;
    const title = 'The request cannot be used';
    return { status: 400, code, title, detail: message, members: { errors: problems } };
  }
  if (error instanceof AccessRefusedError) {
    const status = error.code === 'invalid_api_key' ? 401 : 403;
    return { status, code: error.code, title: 'Not allowed', detail: error.message };
  }
  if (isOAuthTokenError(error)) return ofLibrary(error, now);
  if (isAxiosError(error)) return ofApiCall(error.code);
  return HTTP.get(statusOf(error)) ?? INTERNAL;
}

function ofLibrary(error: Error & { readonly code: OAuthTokenErrorCode }, now: number): Failure {
  const { status, title } = LIBRARY[error.code];
  const { registrationId, subject } = error as { registrationId?: string; subject?: string };
  const ids = {
    ...(registrationId === undefined ? {} : { registrationId }),
    ...(subject === undefined ? {} : { subject }),
  };
  const failure = { status, code: error.code, title, detail: error.message, members: ids };
  if (status !== 503) return failure;
  const nextTryAt = isTokenUnavailableError(error) ? (error.nextTryAt ?? now) : now;
  const members = nextTryAt > now ? { ...ids, nextTryAt } : ids;
  const retryAfterSeconds = Math.max(1, Math.ceil((nextTryAt - now) / 1000));
  return { ...failure, members, retryAfterSeconds };
}

/** The call got no answer that can be passed on. Messages of axios name hosts and more; its codes do not. */
function ofApiCall(code = 'unknown'): Failure {
  const isTimeout = TIMEOUTS.has(code);
  return {
    status: isTimeout ? 504 : 502,
    code: isTimeout ? 'api_timeout' : 'api_unreachable',
    title: isTimeout ? 'The API did not answer in time' : 'The API gave no usable answer',
    detail: `The call ended with ${code}.`,
  };
}

/** Of Nest's exceptions and of those of the body parser. */
function statusOf(error: unknown): number {
  if (!(error instanceof Error)) return 500;
  const { status, getStatus } = error as { status?: unknown; getStatus?: () => number };
  if (typeof getStatus === 'function') return getStatus.call(error);
  return typeof status === 'number' ? status : 500;
}
