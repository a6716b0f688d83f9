import type { TokenHttpRequest } from '../provider/provider-adapter.js';
import { type Clock, systemClock } from '../timing/clock.js';
import { DispatcherCache, type DispatcherLoan } from './dispatcher-cache.js';
import { isSecureEndpoint } from './secure-endpoint.js';
import {
  type SendOptions,
  TokenEndpointTransport,
  type TransportResult,
} from './token-endpoint-transport.js';
import { HttpExchange } from './http-exchange.js';
import { notSent } from './transport-failure.js';

/**
 * Sends requests to authorization servers with undici, over HTTP/1.1 and TLS 1.2 or later.
 *
 * A request is written once, and only if `maySend` allows it at that very moment. It is given up at its deadline alone,
 * after one more look at the socket; an answer that has begun by then gets the same time once more. Redirects are
 * answers. Proxies of the environment are not used. Bodies end at 64 KiB, heads at 16 KiB.
 *
 * @public
 */
export class UndiciTokenEndpointTransport extends TokenEndpointTransport {
  readonly #dispatchers: DispatcherCache;
  readonly #underWay = new Set<Promise<TransportResult>>();
  #closing: Promise<void> | undefined;

  constructor(private readonly clock: Clock = systemClock) {
    super();
    this.#dispatchers = new DispatcherCache(clock);
  }

  override async send(request: TokenHttpRequest, options: SendOptions): Promise<TransportResult> {
    if (this.#closing !== undefined) {
      return notSent('transport_closed', 'Nothing was sent: the transport has been closed.');
    }
    const url = URL.canParse(request.url) ? new URL(request.url) : undefined;
    if (url === undefined) {
      return notSent('invalid_endpoint', 'Nothing was sent: the URL of the endpoint is not valid.');
    }
    if (!isSecureEndpoint(url.href)) {
      const message = `Nothing was sent to ${url.origin}: credentials go over https, or http to this machine.`;
      return notSent('insecure_endpoint', message);
    }
    const underWay = this.#exchange(url, request, options);
    this.#underWay.add(underWay);
    const result = await underWay;
    this.#underWay.delete(underWay);
    return result;
  }

  /** Waits for the requests under way, then closes all connections; nothing is sent from then on. */
  override close(): Promise<void> {
    this.#closing ??= Promise.all(this.#underWay).then(() => this.#dispatchers.destroy());
    return this.#closing;
  }

  async #exchange(
    url: URL,
    request: TokenHttpRequest,
    options: SendOptions,
  ): Promise<TransportResult> {
    let loan: DispatcherLoan;
    try {
      loan = this.#dispatchers.borrow(options.http, options.timeoutMs);
    } catch {
      const message = `Nothing was sent to ${url.origin}: its http settings (proxy, tls) cannot be used.`;
      return notSent('invalid_http_options', message);
    }
    const through = options.http?.proxy === undefined ? '' : ' (through the configured proxy)';
    const exchange = new HttpExchange(`${url.origin}${through}`, options, this.clock);
    dispatch(loan, url, request, exchange);
    const result = await exchange.result;
    loan.release();
    return result;
  }
}

function dispatch(
  { dispatcher }: DispatcherLoan,
  url: URL,
  request: TokenHttpRequest,
  exchange: HttpExchange,
): void {
  const { method, headers, body } = request;
  try {
    dispatcher.dispatch(
      {
        origin: url.origin,
        path: `${url.pathname}${url.search}`,
        method,
        headers: { 'accept-encoding': 'identity', ...headers },
        // As bytes, so that undici sends its length and nothing of it is pulled later.
        body: body === undefined ? null : Buffer.from(body, 'utf8'),
      },
      exchange,
    );
  } catch (error) {
    exchange.onResponseError(undefined, error);
  }
}
