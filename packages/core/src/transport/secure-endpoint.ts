/** `localhost`, 127.0.0.0/8 and ::1, as WHATWG URLs spell them. */
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/**
 * Whether a host name (as in `URL.hostname`) is this machine's own.
 *
 * @internal
 */
export const isLoopback = (hostname: string): boolean => LOOPBACK.test(hostname);

/**
 * Whether credentials may be sent to a URL: https, or http on loopback.
 *
 * @internal
 */
export function isSecureEndpoint(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname));
}
