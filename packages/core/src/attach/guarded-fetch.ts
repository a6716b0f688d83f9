import { type Hop, followRedirects } from './fetch-redirects.js';
import type { RedirectGuard } from './redirect-guard.js';
import { isReplayableBody } from './replayable-body.js';

/** Carries a call's guard through axios' fetch adapter, to where it asks fetch. @internal */
export const HOP_GATE = Symbol('@oauth-token/core:hop-gate');

/** What a guarded fetch has to know of one call. @internal */
export interface GatedFetchOptions {
  readonly guard: RedirectGuard;
  /** As axios got it. */
  readonly body: unknown;
}

type Fetch = typeof fetch;
type GatedInit = RequestInit & { readonly [HOP_GATE]?: GatedFetchOptions };

const platformFetch: Fetch = (input, init) => fetch(input, init);

/** axios keeps an adapter for each fetch that it has seen, so there is one of ours for each. */
const guarded = new WeakMap<Fetch, Fetch>();

/**
 * A fetch for axios' fetch adapter that follows redirects by hand, so that no credential header goes astray.
 *
 * @param own - what the request brings, instead of the platform's
 * @internal
 */
export function guardedFetch(own: Fetch | undefined): Fetch {
  const send = own ?? platformFetch;
  const known = guarded.get(send);
  if (known !== undefined) return known;
  const made = ((input: Request | string, init: GatedInit = {}) =>
    fetchGuarded(send, input, init)) as Fetch;
  guarded.set(send, made);
  return made;
}

async function fetchGuarded(
  send: Fetch,
  input: Request | string,
  init: GatedInit,
): Promise<Response> {
  const { [HOP_GATE]: gated, ...sent } = init;
  const request = typeof input === 'string' ? undefined : input;
  const follows = (sent.redirect ?? request?.redirect ?? 'follow') === 'follow';
  if (gated === undefined || !follows) return send(input, sent);
  const { guard, body } = gated;
  const response = await send(input, { ...sent, redirect: 'manual' });
  const { method, headers, signal } = request ?? sent;
  const followed = await followRedirects(response, {
    send,
    guard,
    first: firstHop(typeof input === 'string' ? input : input.url, method, headers, body, guard),
    init: signal ? { ...sent, signal } : sent,
    body: isReplayableBody(body) ? () => body : undefined,
  });
  guard.bearerSent = !guard.left;
  return followed;
}

/** The first request, without what we attached. */
function firstHop(
  url: string,
  method: string | undefined,
  sent: RequestInit['headers'],
  body: unknown,
  guard: RedirectGuard,
): Hop {
  const headers = new Headers(sent);
  for (const name in guard.credentials.headers) headers.delete(name);
  const hasBody = body !== undefined && body !== null;
  return { url: new URL(url), method: (method ?? 'GET').toUpperCase(), headers, hasBody };
}
