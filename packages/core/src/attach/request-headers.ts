/** Request headers in the forms that fetch and undici take. @internal */
export type GivenHeaders =
  | Readonly<Record<string, unknown>>
  | readonly unknown[]
  | Iterable<readonly [unknown, unknown]>
  | null
  | undefined;

const isIterable = (value: object): value is Iterable<unknown> => Symbol.iterator in value;

const isAuthorization = (name: unknown): boolean => {
  const text = typeof name === 'string' ? name : String(name);
  return text.length === 13 && text.toLowerCase() === 'authorization';
};

/**
 * Whether a request brings an `Authorization` of its own, in whatever form its headers are given.
 *
 * @internal
 */
export function hasAuthorization(headers: GivenHeaders): boolean {
  if (headers === undefined || headers === null) return false;
  if (!isIterable(headers)) {
    for (const name in headers) if (isAuthorization(name) && headers[name]) return true;
    return false;
  }
  if (headers instanceof Headers) return headers.has('authorization');
  return pairsOf(headers).some(([name, value]) => isAuthorization(name) && Boolean(value));
}

/** The names and values of headers given as a list: of pairs, or flat as undici takes it. */
function pairsOf(headers: Iterable<unknown>): readonly [unknown, unknown][] {
  const list: readonly unknown[] = [...headers];
  if (list.every((entry) => Array.isArray(entry))) return list as [unknown, unknown][];
  const pairs: [unknown, unknown][] = [];
  for (let index = 0; index < list.length; index += 2) pairs.push([list[index], list[index + 1]]);
  return pairs;
}

/**
 * A copy of request headers with credentials in them; headers of the same names give way.
 *
 * @param credentials - by lower-case names
 * @internal
 */
export function withCredentials(
  headers: GivenHeaders,
  credentials: Readonly<Record<string, string>>,
): Record<string, unknown> | [string, unknown][] {
  if (headers === undefined || headers === null) return { ...credentials };
  const kept = (name: unknown): boolean => credentials[String(name).toLowerCase()] === undefined;
  if (isIterable(headers)) {
    const entries = pairsOf(headers).filter(([name]) => kept(name)) as [string, unknown][];
    return [...entries, ...Object.entries(credentials)];
  }
  const copy: Record<string, unknown> = { ...credentials };
  for (const name in headers) if (kept(name)) copy[name] = headers[name];
  return copy;
}
