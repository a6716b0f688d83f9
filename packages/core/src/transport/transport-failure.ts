import type { TransportResult } from './token-endpoint-transport.js';

/** A request that brought no answer. @internal */
export type TransportFailure = Exclude<TransportResult, { readonly kind: 'response' }>;

/**
 * What is said of a request that surely did not reach the server.
 *
 * @internal
 */
export function notSent(code: string, message: string): TransportFailure {
  return { kind: 'notSent', code, message };
}

/**
 * What is said of a request that the server may have acted upon.
 *
 * @internal
 */
export function ambiguous(code: string, message: string): TransportFailure {
  return { kind: 'ambiguous', code, message };
}

/**
 * The system's code of an error, such as `ECONNREFUSED`; `fallback` when it has none. Nothing else of the error is
 * used: its message may quote the request.
 *
 * @internal
 */
export function systemCode(error: unknown, fallback: string): string {
  // Not `instanceof`: test runners and other realms have an Error of their own.
  const known = typeof error === 'object' && error !== null && 'code' in error;
  const code = known ? error.code : undefined;
  return typeof code === 'string' && /^[\w.-]{1,80}$/.test(code) ? code : fallback;
}

const CERTIFICATE = /CERT|SIGNATURE|_TLS_|_CA_|ISSUER/;

/**
 * A failure to connect, with what to look at.
 *
 * @internal
 */
export function connectFailure(endpoint: string, error: unknown): TransportFailure {
  const code = systemCode(error, 'connect_failed');
  if (code === 'UND_ERR_CONNECT_TIMEOUT') return connectTimeout(endpoint);
  return notSent(code, `Nothing was sent to ${endpoint}: ${connectAdvice(code)} (${code}).`);
}

/**
 * The deadline came before there was a connection.
 *
 * @internal
 */
export function connectTimeout(endpoint: string): TransportFailure {
  const message = `Nothing was sent to ${endpoint}: there was no connection to it in time.`;
  return notSent('connect_timeout', message);
}

function connectAdvice(code: string): string {
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'its name could not be resolved';
  if (code === 'ECONNREFUSED') return 'nothing accepts connections there';
  if (code === 'UND_ERR_INVALID_ARG') return 'the request is not one that can be sent';
  if (CERTIFICATE.test(code)) {
    return 'its certificate was not accepted; trust its issuer with http.tls.ca, or see http.tls.servername';
  }
  return 'the connection could not be made';
}
