import type { HopGate } from './hop-gate.js';

/** The most redirects that are followed, as in the Fetch standard. */
const MOST_REDIRECTS = 20;

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Headers that describe a body, and go with it. */
const OF_THE_BODY = [
  'content-encoding',
  'content-language',
  'content-length',
  'content-location',
  'content-type',
];

/** Headers that are for one origin only. */
const OF_THE_ORIGIN = ['authorization', 'proxy-authorization', 'cookie', 'host'];

/** One request of a chain of redirects, without the credentials that were attached. @internal */
export interface Hop {
  readonly url: URL;
  /** Upper case. */
  readonly method: string;
  readonly headers: Headers;
  readonly hasBody: boolean;
}

/** What fetch throws when a request fails for a reason of its own. @internal */
export const fetchFailed = (reason: string): TypeError =>
  new TypeError('fetch failed', { cause: new Error(reason) });

/** Whether a status asks to go elsewhere. @internal */
export const isRedirect = (status: number): boolean => REDIRECTS.has(status);

/**
 * The next request of a chain of redirects, by the rules of the Fetch standard (HTTP-redirect fetch).
 *
 * @returns nothing when the answer does not say where to go
 * @throws TypeError as fetch does, for places where it does not go
 * @internal
 */
export function nextHop(hop: Hop, status: number, location: string | null): Hop | undefined {
  if (!isRedirect(status) || location === null) return undefined;
  const url = locationUrl(hop.url, location);
  const headers = new Headers(hop.headers);
  const { method } = hop;
  const asGet =
    (status === 303 && method !== 'GET' && method !== 'HEAD') ||
    ((status === 301 || status === 302) && method === 'POST');
  if (asGet) for (const name of OF_THE_BODY) headers.delete(name);
  if (url.origin !== hop.url.origin) for (const name of OF_THE_ORIGIN) headers.delete(name);
  return { url, headers, method: asGet ? 'GET' : method, hasBody: hop.hasBody && !asGet };
}

/** Where an answer sends the request of `from`, without user information. */
function locationUrl(from: URL, location: string): URL {
  if (!URL.canParse(location, from.href)) throw fetchFailed('the redirect has no URL');
  const url = new URL(location, from);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw fetchFailed('URL scheme must be a HTTP(S) scheme');
  }
  url.username = '';
  url.password = '';
  if (url.hash === '') url.hash = from.hash;
  return url;
}

/** What a chain of redirects is followed with. @internal */
export interface RedirectChain {
  readonly send: typeof fetch;
  readonly first: Hop;
  readonly guard: HopGate;
  /** What every request is sent with besides its method, headers and body. */
  readonly init: RequestInit;
  /** The body for another sending; nothing where it is spent. */
  readonly body: (() => unknown) | undefined;
}

/**
 * Follows the redirects of an answer by hand, asking at each whether the credentials ride on.
 *
 * @throws {@link OriginNotAllowedError} under the policy `error`; TypeError as fetch does
 * @internal
 */
export async function followRedirects(answer: Response, chain: RedirectChain): Promise<Response> {
  let response = answer;
  let hop = chain.first;
  for (let count = 0; ; count += 1) {
    const location = response.headers.get('location');
    if (!isRedirect(response.status) || location === null) {
      return count === 0 ? response : asRedirected(response);
    }
    letGo(response);
    if (count === MOST_REDIRECTS) throw fetchFailed('redirect count exceeded');
    const next = nextHop(hop, response.status, location) as Hop;
    response = await chain.send(next.url.href, hopInit(next, chain));
    hop = next;
  }
}

function hopInit(hop: Hop, chain: RedirectChain): RequestInit {
  const { guard, init, body } = chain;
  const { credentials } = guard;
  const { headers, method } = hop;
  const rides = guard.admits(hop.url);
  if (!rides) stripToken(headers, credentials.accessToken);
  const sent = new Headers(headers);
  if (rides)
    for (const name in credentials.headers) sent.set(name, credentials.headers[name] ?? '');
  if (!hop.hasBody) return { ...init, method, headers: sent, redirect: 'manual' };
  if (body === undefined) throw fetchFailed('the body of the request cannot be sent again');
  const again = body();
  sent.delete('content-length');
  // A form is written anew, with a boundary of its own.
  if (again instanceof FormData) sent.delete('content-type');
  return withBody({ ...init, method, headers: sent, redirect: 'manual' }, again);
}

/** A request with a body; streams are sent while they are read. @internal */
export function withBody(init: RequestInit, body: unknown): RequestInit {
  const sent = { ...init, body: body as NonNullable<RequestInit['body']> };
  const streams = typeof body === 'object' && body !== null && Symbol.asyncIterator in body;
  return streams ? { ...sent, duplex: 'half' } : sent;
}

/** A copy of the token that the caller has put elsewhere goes too. */
function stripToken(headers: Headers, accessToken: string): void {
  for (const [name, value] of [...headers]) if (value.includes(accessToken)) headers.delete(name);
}

const asRedirected = (response: Response): Response =>
  Object.defineProperty(response, 'redirected', { value: true, configurable: true });

/** The most of a body that is read only to keep a connection, bytes. */
const WORTH_READING = 65_536;

/**
 * Frees the connection of an answer that nobody will read: short bodies are read to their end, others are cut off.
 *
 * @internal
 */
export function letGo(response: Response): void {
  if (response.body === null) return;
  const length = Number(response.headers.get('content-length') ?? NaN);
  const ended = length <= WORTH_READING ? response.arrayBuffer() : response.body.cancel();
  ended.then(undefined, () => undefined);
}
