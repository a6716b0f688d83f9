import { Agent, type Dispatcher, ProxyAgent } from 'undici';
import type { TlsOptions, TokenEndpointHttpOptions } from '../model/client-registration.js';
import type { Clock } from '../timing/clock.js';
import { compact } from '../util/compact.js';

/** Sockets idle for longer may have been dropped on the way without a word; ms. */
const MAX_IDLE_MS = 1000;

const MAX_HEADER_BYTES = 16 * 1024;

/** A dispatcher on loan. @internal */
export interface DispatcherLoan {
  readonly dispatcher: Dispatcher;
  /** Gives it back; it may be destroyed any time after. */
  release(): void;
}

interface Entry {
  readonly dispatcher: Dispatcher;
  users: number;
  usedAt: number;
}

/**
 * Dispatchers by how they connect. One that nobody has used for a second is given up with its sockets: after a blocked
 * event loop the sockets' own timers would come too late.
 *
 * @internal
 */
export class DispatcherCache {
  readonly #entries = new Map<string, Entry>();

  constructor(private readonly clock: Clock) {}

  /** Lends the dispatcher for these options; throws when they cannot be used, such as a proxy that is no URL. */
  borrow(http: TokenEndpointHttpOptions | undefined, connectTimeoutMs: number): DispatcherLoan {
    this.#dropIdle();
    const key = cacheKey(http, connectTimeoutMs);
    const entry = this.#entries.get(key) ?? {
      dispatcher: createDispatcher(http, connectTimeoutMs),
      users: 0,
      usedAt: 0,
    };
    this.#entries.set(key, entry);
    entry.users += 1;
    return {
      dispatcher: entry.dispatcher,
      release: () => {
        entry.users -= 1;
        entry.usedAt = this.clock.monotonic();
      },
    };
  }

  /** Closes every socket, also those in use. */
  async destroy(): Promise<void> {
    const entries = [...this.#entries.values()];
    this.#entries.clear();
    await Promise.allSettled(entries.map(({ dispatcher }) => dispatcher.destroy()));
  }

  #dropIdle(): void {
    const idleSince = this.clock.monotonic() - MAX_IDLE_MS;
    for (const [key, { dispatcher, users, usedAt }] of this.#entries) {
      if (users > 0 || usedAt > idleSince) continue;
      this.#entries.delete(key);
      dispatcher.destroy().catch(() => undefined);
    }
  }
}

/** Holds the TLS key and the proxy's password, so it stays in this process's memory. */
function cacheKey(http: TokenEndpointHttpOptions | undefined, connectTimeoutMs: number): string {
  const { ca, cert, key, passphrase, servername, rejectUnauthorized } = http?.tls ?? {};
  const tls = [ca, cert, key, passphrase, servername, rejectUnauthorized];
  return JSON.stringify([http?.proxy, tls, connectTimeoutMs]);
}

function createDispatcher(
  http: TokenEndpointHttpOptions | undefined,
  connectTimeoutMs: number,
): Dispatcher {
  const options = {
    pipelining: 1,
    keepAliveTimeout: MAX_IDLE_MS,
    keepAliveMaxTimeout: MAX_IDLE_MS,
    maxHeaderSize: MAX_HEADER_BYTES,
    // The one deadline is the exchange's own.
    headersTimeout: 0,
    bodyTimeout: 0,
    allowH2: false,
  };
  const endpoint = connectOptions(http?.tls, connectTimeoutMs);
  // Neither of the two looks at HTTP_PROXY and its kin.
  if (http?.proxy === undefined) return new Agent({ ...options, connect: endpoint });
  const proxyTls = connectOptions(undefined, connectTimeoutMs);
  return new ProxyAgent({ ...options, uri: http.proxy, requestTls: endpoint, proxyTls });
}

function connectOptions(tls: TlsOptions | undefined, timeout: number) {
  const { ca, cert, key, passphrase, servername } = tls ?? {};
  return compact({
    ca: typeof ca === 'string' || ca === undefined ? ca : [...ca],
    cert,
    key,
    passphrase,
    servername,
    // Said outright, so that NODE_TLS_REJECT_UNAUTHORIZED=0 has no say here.
    rejectUnauthorized: tls?.rejectUnauthorized ?? true,
    minVersion: 'TLSv1.2' as const,
    timeout,
  });
}
