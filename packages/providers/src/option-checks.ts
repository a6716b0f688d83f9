import { ConfigurationError } from '@oauth-token/core';

/** What is wrong with an option, if anything; never repeats the value. */
type Complaint = string | undefined;

/**
 * What is wrong with an absolute http or https URL.
 *
 * @internal
 */
export function urlComplaint(value: unknown): Complaint {
  if (typeof value !== 'string' || !URL.canParse(value)) {
    return 'must be an absolute URL, such as https://example.com';
  }
  const { protocol, username, password } = new URL(value);
  if (protocol !== 'https:' && protocol !== 'http:') return 'must begin with https://';
  if (username !== '' || password !== '') return 'must not hold a user name or a password';
  return value.includes('#') ? 'must not have a fragment' : undefined;
}

/**
 * What is wrong with a URL that paths are put behind.
 *
 * @internal
 */
export function baseUrlComplaint(value: unknown): Complaint {
  const complaint = urlComplaint(value);
  if (complaint !== undefined) return complaint;
  return String(value).includes('?') ? 'must not have a query' : undefined;
}

/**
 * What is wrong with the value of a header.
 *
 * @internal
 */
export function headerComplaint(value: unknown): Complaint {
  const isText = typeof value === 'string' && /^[\x21-\x7e]+$/.test(value);
  return isText ? undefined : 'must be visible ASCII without spaces';
}

/**
 * What is wrong with a path that begins at the root.
 *
 * @internal
 */
export function pathComplaint(value: unknown): Complaint {
  const isPath = typeof value === 'string' && /^\/[^\s?#]+$/.test(value);
  return isPath ? undefined : 'must be a path that begins with a slash';
}

/**
 * Refuses options with anything wrong.
 *
 * @throws {@link ConfigurationError} naming every wrong option
 * @internal
 */
export function assertOptions(complaints: Readonly<Record<string, Complaint>>): void {
  const problems = Object.entries(complaints).flatMap(([path, message]) =>
    message === undefined ? [] : [{ path, message }],
  );
  if (problems.length > 0) throw new ConfigurationError(problems);
}

/**
 * The way to put paths behind a base URL, which may end with slashes and is otherwise kept as it stands.
 *
 * @internal
 */
export function endpointsAt(baseUrl: string): (path: string) => string {
  let end = baseUrl.length;
  while (baseUrl[end - 1] === '/') end -= 1;
  const base = baseUrl.slice(0, end);
  return (path) => `${base}${path}`;
}
