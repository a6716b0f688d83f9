import type { InternalAxiosRequestConfig } from 'axios';

/** Stands for a URL that has no origin; no gate lets it pass. */
const NOWHERE = 'about:invalid';

const ABSOLUTE = /^(?:[a-z][a-z\d+\-.]*:)?\/\//i;

/**
 * An absolute URL without user information: clients turn that into a Basic header, or refuse it.
 *
 * @returns a URL whose origin is `null` where nothing with an origin would be asked
 * @internal
 */
export function absoluteUrl(text: string): URL {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return new URL(NOWHERE);
  }
  if (url.username !== '') url.username = '';
  if (url.password !== '') url.password = '';
  return url;
}

/**
 * Where an axios request goes, by axios' own rules for `baseURL` and `allowAbsoluteUrls`, without user information.
 *
 * @returns a URL whose origin is `null` where nothing with an origin would be asked: a relative URL, or a socket
 * @internal
 */
export function finalUrl(config: InternalAxiosRequestConfig): URL {
  // With a socket the host in the URL is not where the request goes.
  if (config.socketPath !== undefined && config.socketPath !== null) return new URL(NOWHERE);
  return absoluteUrl(fullPath(config.baseURL, config.url ?? '', config.allowAbsoluteUrls));
}

/**
 * Where a request of an undici dispatcher goes.
 *
 * A path is sent as it is: one that does not begin with a slash is for proxies, which go where it says.
 *
 * @returns a URL whose origin is `null` where nothing with an origin would be asked
 * @internal
 */
export function dispatchUrl(origin: string | URL | undefined, path: string): URL {
  if (origin === undefined || !path.startsWith('/')) return new URL(NOWHERE);
  const text = typeof origin === 'string' ? origin : origin.origin;
  // Nothing but an origin: a path in it would not be sent.
  return absoluteUrl(`${text.replace(/\/$/, '')}${path}`);
}

function fullPath(
  baseUrl: string | undefined,
  requested: string,
  allowAbsoluteUrls: boolean | undefined,
): string {
  if (!baseUrl || (ABSOLUTE.test(requested) && allowAbsoluteUrls !== false)) return requested;
  if (requested === '') return baseUrl;
  return `${baseUrl.replace(/\/+$/, '')}/${requested.replace(/^\/+/, '')}`;
}
