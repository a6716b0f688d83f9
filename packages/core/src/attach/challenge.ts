/** How much of a header is looked at; real challenges are far shorter. */
const MOST_CHARACTERS = 4_096;

/**
 * An `error` parameter, or a quoted text that is to be stepped over: whatever is said in it is no parameter. Closing quotes
 * may be missing.
 */
const ERROR_OR_QUOTED =
  /(?<![\w!#$%&'*+.^`|~-])error\s*=\s*(?:"((?:[^"\\]|\\.)*)"?|([^\s,"]+))|"(?:[^"\\]|\\.)*"?/gi;

/** Refusals that a new token of the same login cannot mend. */
const NOT_OF_THE_TOKEN: ReadonlySet<string> = new Set([
  // RFC 6750, section 3.1
  'insufficient_scope',
  // RFC 9470, section 3
  'insufficient_user_authentication',
]);

/**
 * The `error` codes of a `WWW-Authenticate` header, over all its challenges, lower case. Never throws: what cannot be read
 * is left out (RFC 9110, section 11.6.1).
 *
 * @internal
 */
export function challengeErrors(header: string | undefined): string[] {
  if (header === undefined) return [];
  const errors: string[] = [];
  for (const match of header.slice(0, MOST_CHARACTERS).matchAll(ERROR_OR_QUOTED)) {
    const error = match[1] ?? match[2];
    if (error !== undefined) errors.push(error.toLowerCase());
  }
  return errors;
}

/**
 * Whether a challenge asks for more than another token: a wider scope or a stronger login. `invalid_token` beside it wins.
 *
 * @internal
 */
export function asksForMoreThanToken(header: string | undefined): boolean {
  const errors = challengeErrors(header);
  return !errors.includes('invalid_token') && errors.some((error) => NOT_OF_THE_TOKEN.has(error));
}
