import { ELLIPSIS, redactJwts, redactSecrets } from '../util/redact-secrets.js';
import type { BodyProblem } from './answer-body.js';

/** What is wrong with the tokens of an answer, in a word. @internal */
export type TokenProblem = 'no_access_token' | 'invalid_access_token' | 'unsupported_token_type';

/** Longest text of a server that is passed on, characters. */
const LONGEST_TEXT = 200;

const SERVER_CODE = /^[\w.:-]{1,64}$/;

const OWN_WORDS: Readonly<Record<BodyProblem | TokenProblem | 'unexpected_redirect', string>> = {
  empty_body: 'an empty body',
  not_json: 'a body that is not JSON',
  not_an_object: 'JSON that is not an object',
  no_access_token: 'no access token',
  invalid_access_token: 'an access token that cannot be sent in a header',
  unsupported_token_type: 'tokens of a type other than Bearer',
  unexpected_redirect: 'a redirect, which is never followed',
};

const isOwnWord = (code: string): code is keyof typeof OWN_WORDS => Object.hasOwn(OWN_WORDS, code);

/**
 * The server's `error` code, where it is one and holds no secret.
 *
 * @internal
 */
export function cleanCode(error: unknown, secrets: readonly string[]): string | undefined {
  if (typeof error !== 'string' || !SERVER_CODE.test(error)) return undefined;
  return redactJwts(redactSecrets(error, secrets)) === error ? error : undefined;
}

/**
 * What the server says, on one line of at most 200 printable characters, without secrets and JWTs.
 *
 * Secrets go before the text is cleaned and cut, so that no part of one is left.
 *
 * @internal
 */
export function cleanDescription(text: unknown, secrets: readonly string[]): string | undefined {
  if (typeof text !== 'string') return undefined;
  const clean = redactJwts(redactSecrets(text, secrets))
    .replace(/[\p{C}\p{Z}]+/gu, ' ')
    .trim();
  if (clean === '') return undefined;
  return clean.length <= LONGEST_TEXT
    ? clean
    : clean.slice(0, LONGEST_TEXT - ELLIPSIS.length) + ELLIPSIS;
}

/**
 * A failed token request in one sentence.
 *
 * @internal
 */
export function failureMessage(failure: {
  readonly status: number;
  readonly code: string;
  readonly description?: string | undefined;
  readonly hint?: string | undefined;
}): string {
  const { status, code, description, hint } = failure;
  const what = isOwnWord(code) ? ` and ${OWN_WORDS[code]}` : '';
  const error = what === '' && code !== `http_${status}` ? ` and the error ${code}` : what;
  const said = description === undefined ? '' : `: "${description}"`;
  const known = hint === undefined ? '' : ` (${hint})`;
  return `The token endpoint answered with status ${status}${error}${said}${known}.`;
}
