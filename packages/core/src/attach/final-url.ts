import type { InternalAxiosRequestConfig } from 'axios';

/** Stands for a URL that has no origin; no gate lets it pass. */
const NOWHERE = 'about:invalid';

const ABSOLUTE = /^(?:[a-z][a-z\d+\-.]*:)?\/\//i;

/**
 * Where a request goes, by axios' own rules for `baseURL` and `allowAbsoluteUrls`, without user information.
 *
 * @returns a URL whose origin is `null` where nothing with an origin would be asked: a relative URL, or a socket
 * @internal
 */
export function finalUrl(config: InternalAxiosRequestConfig): URL {
  // With a socket the host in the URL is not where the request goes.
  if (config.socketPath !== undefined && config.socketPath !== null) return new URL(NOWHERE);
  const text = fullPath(config.baseURL, config.url ?? '', config.allowAbsoluteUrls);
  if (!URL.canParse(text)) return new URL(NOWHERE);
  const url = new URL(text);
  // axios would turn user information into a Basic header in place of the bearer.
  url.username = '';
  url.password = '';
  return url;
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
