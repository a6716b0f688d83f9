/** Longest token that is believed to be one, characters. */
const LONGEST = 16 * 1024;

/**
 * Whether a value can be sent as an access token: visible ASCII without spaces (RFC 6750, section 2.1, and what a header can
 * carry), at most 16 kB.
 *
 * @internal
 */
export function isAccessToken(value: unknown): value is string {
  return typeof value === 'string' && value.length <= LONGEST && /^[\x21-\x7e]+$/.test(value);
}

/**
 * Whether a value can be sent as a refresh token: printable ASCII (RFC 6749, appendix A.17), at most 16 kB.
 *
 * @internal
 */
export function isRefreshToken(value: unknown): value is string {
  return typeof value === 'string' && value.length <= LONGEST && /^[\x20-\x7e]+$/.test(value);
}

/**
 * The granted scope (RFC 6749, section 3.3): a string of words, or an array of them as some servers have it.
 *
 * @internal
 */
export function readScope(value: unknown): readonly string[] | undefined {
  const words: readonly unknown[] =
    typeof value === 'string' ? value.split(' ') : Array.isArray(value) ? value : [];
  const scope = words.filter(isAccessToken);
  return scope.length === 0 ? undefined : scope;
}
