import { NotFoundException, PayloadTooLargeException } from '@nestjs/common';
import {
  ConfigurationError,
  OriginNotAllowedError,
  ReauthorizationRequiredError,
  RegistrationNotFoundError,
  StoreUnavailableError,
  TokenEndpointError,
  TokenUnavailableError,
  WaitAbortedError,
} from '@oauth-token/core';
import { AxiosError } from 'axios';
import { AccessRefusedError, InvalidRequestError } from './demo-errors.js';
import { describeFailure } from './failure.js';

const NOW = Date.UTC(2025, 0, 1);
const SECRET = 'canary-fedcba9876543210';

const unavailable = (nextTryAt?: number): TokenUnavailableError =>
  new TokenUnavailableError({ registrationId: 'a', outcome: 'transient', reason: 'x', nextTryAt });

const bodyParserError = (status: number): Error =>
  Object.assign(new Error(`Unexpected token in ${SECRET}`), { status, expose: true });

describe('describeFailure', () => {
  it.each<[string, unknown, number, string]>([
    ['unknown id', new RegistrationNotFoundError('a'), 404, 'registration_not_found'],
    ['foreign origin', new OriginNotAllowedError('a', 'https://b', []), 403, 'origin_not_allowed'],
    [
      'dead grant',
      new ReauthorizationRequiredError({ registrationId: 'a', reason: 'x' }),
      409,
      'reauthorization_required',
    ],
    ['no token', unavailable(), 503, 'token_unavailable'],
    [
      'login failed',
      new TokenEndpointError({
        registrationId: 'a',
        outcome: 'transient',
        error: 'x',
        reason: 'y',
      }),
      502,
      'token_endpoint_error',
    ],
    ['store away', new StoreUnavailableError('x'), 503, 'store_unavailable'],
    ['aborted', new WaitAbortedError('a'), 503, 'aborted'],
    ['settings', new ConfigurationError([]), 500, 'invalid_configuration'],
    [
      'input',
      new InvalidRequestError([{ path: 'url', message: 'is missing.' }]),
      400,
      'invalid_request',
    ],
    ['no key', new AccessRefusedError('invalid_api_key'), 401, 'invalid_api_key'],
    ['foreign name', new AccessRefusedError('host_not_allowed'), 403, 'host_not_allowed'],
    ['API refused', new AxiosError(SECRET, 'ECONNREFUSED'), 502, 'api_unreachable'],
    ['API slow', new AxiosError(SECRET, 'ECONNABORTED'), 504, 'api_timeout'],
    ['no route', new NotFoundException(SECRET), 404, 'not_found'],
    ['large', bodyParserError(413), 413, 'payload_too_large'],
    ['large, of Nest', new PayloadTooLargeException(SECRET), 413, 'payload_too_large'],
    ['not JSON', bodyParserError(400), 400, 'invalid_request'],
    ['surprise', new Error(SECRET), 500, 'internal_error'],
    ['surprise that is no error', SECRET, 500, 'internal_error'],
  ])('maps %s', (_, error, status, code) => {
    const failure = describeFailure(error, NOW);
    expect(failure).toMatchObject({ status, code });
    expect(JSON.stringify(failure)).not.toContain(SECRET);
  });

  it('tells when to try again', () => {
    expect(describeFailure(unavailable(NOW + 2_500), NOW)).toMatchObject({
      retryAfterSeconds: 3,
      members: { registrationId: 'a', nextTryAt: NOW + 2_500 },
    });
    expect(describeFailure(unavailable(NOW - 1), NOW).retryAfterSeconds).toBe(1);
    expect(describeFailure(unavailable(), NOW).retryAfterSeconds).toBe(1);
    expect(describeFailure(new RegistrationNotFoundError('a'), NOW)).not.toHaveProperty(
      'retryAfterSeconds',
    );
  });

  it('names every bad field', () => {
    const problems = [
      { path: 'url', message: 'is missing.' },
      { path: 'headers.host', message: 'is not yours to set.' },
    ];
    const { detail, members } = describeFailure(new InvalidRequestError(problems), NOW);
    expect(detail).toBe('url: is missing. headers.host: is not yours to set.');
    expect(members).toEqual({ errors: problems });
  });
});
