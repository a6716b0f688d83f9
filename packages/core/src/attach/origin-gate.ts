import { isSecureEndpoint } from '../transport/secure-endpoint.js';
import { BoundedMap } from '../util/bounded-map.js';

/** An allowed origin as it is compared. */
interface AllowedTarget {
  readonly protocol: string;
  /** With the port, unless it is the protocol's own. */
  readonly host: string;
  /** Without a slash at the end; empty when every path is allowed. */
  readonly prefix: string;
}

/**
 * What is wrong with a configured allowed origin, as the end of a sentence; nothing when it is good.
 *
 * @internal
 */
export function allowedOriginProblem(value: unknown): string | undefined {
  if (typeof value !== 'string' || !URL.canParse(value)) {
    return 'is not an origin; write it like https://api.example.com.';
  }
  const url = new URL(value);
  if (url.hostname.includes('*')) {
    return 'holds a wildcard; name every origin, or give a function that tells them from the tokens.';
  }
  if (!isSecureEndpoint(value)) {
    return 'must be an https origin: a bearer would go over the network in the clear (http is for loopback only).';
  }
  // User information, query and fragment all show as a difference, empty ones too.
  if (url.href !== `${url.origin}${url.pathname}` || /[%;]|\/\//.test(url.pathname)) {
    return `must be an origin, with at most a plain path prefix, without user information, query or fragment: ${url.origin}.`;
  }
  return undefined;
}

/** The same few entries are looked at with every call; what they mean never changes. */
const targets = new BoundedMap<string, AllowedTarget | null>(1_000);

function toTarget(entry: string): AllowedTarget | null {
  const known = targets.get(entry);
  if (known !== undefined) return known;
  const url = allowedOriginProblem(entry) === undefined ? new URL(entry) : undefined;
  const target =
    url === undefined
      ? null
      : { protocol: url.protocol, host: url.host, prefix: url.pathname.replace(/\/$/, '') };
  targets.set(entry, target);
  return target;
}

/**
 * Whether a final URL belongs to one of the allowed origins, and where an entry has a path, lies at or below it. Entries
 * that are not origins allow nothing.
 *
 * @param url - the URL as it will be requested, after base URL and interceptors
 * @internal
 */
export function isOriginAllowed(url: URL, origins: readonly string[]): boolean {
  const { protocol, host } = url;
  // `blob:` URLs name the origin of their maker, which is not where a request would go.
  if (protocol !== 'https:' && protocol !== 'http:') return false;
  for (const entry of origins) {
    const target = toTarget(entry);
    if (target?.host !== host || target.protocol !== protocol) continue;
    if (target.prefix === '' || isBelow(url.pathname, target.prefix)) return true;
  }
  return false;
}

/** Segments that lead upwards once a server has decoded what a URL parser leaves alone, or cut off path parameters. */
const LEADS_UP = /(?:^|[/\\])\.\.(?:[/\\;]|$)/;

function isBelow(pathname: string, prefix: string): boolean {
  if (pathname !== prefix && !pathname.startsWith(`${prefix}/`)) return false;
  if (!pathname.includes('..') && !pathname.includes('%')) return true;
  let decoded = pathname;
  // However often it was encoded.
  while (decoded.includes('%25')) decoded = decoded.replaceAll('%25', '%');
  decoded = decoded.replace(/%2e/gi, '.').replace(/%2f/gi, '/').replace(/%5c/gi, '\\');
  return !LEADS_UP.test(decoded);
}

/**
 * An origin for a person to read; URLs without one (relative, `data:`, a socket) are told as that.
 *
 * @internal
 */
export function describeOrigin(url: URL): string {
  return url.origin === 'null' ? 'a URL without an origin' : url.origin;
}
