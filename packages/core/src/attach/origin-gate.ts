import { isSecureEndpoint } from '../transport/secure-endpoint.js';

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
  // User information, path, query and fragment all show as a difference, empty ones too.
  if (url.href !== `${url.origin}/`) {
    return `must be an origin alone, without user information, path, query or fragment: ${url.origin}.`;
  }
  return undefined;
}

/**
 * The WHATWG form of an allowed origin: lower-case host, no default port, no slash at the end.
 *
 * @returns nothing for text that is not an allowed origin, see {@link allowedOriginProblem}
 * @internal
 */
export function normalizeOrigin(value: string): string | undefined {
  return allowedOriginProblem(value) === undefined ? new URL(value).origin : undefined;
}

/**
 * Whether a final URL belongs to one of the allowed origins. Entries that are not origins allow nothing.
 *
 * @param url - the URL as it will be requested, after base URL and interceptors
 * @internal
 */
export function isOriginAllowed(url: URL, origins: readonly string[]): boolean {
  // `blob:` URLs name the origin of their maker, which is not where a request would go.
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return false;
  return origins.some((origin) => normalizeOrigin(origin) === url.origin);
}

/**
 * An origin for a person to read; URLs without one (relative, `data:`, a socket) are told as that.
 *
 * @internal
 */
export function describeOrigin(url: URL): string {
  return url.origin === 'null' ? 'a URL without an origin' : url.origin;
}
