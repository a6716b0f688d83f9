/** `localhost`, 127.0.0.0/8 and ::1, the last also in the brackets of a URL. */
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/i;

/**
 * Whether a host name is this machine's own.
 *
 * @internal
 */
export const isLoopbackHost = (host: string): boolean => LOOPBACK.test(host);
