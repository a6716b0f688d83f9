import type { ClientRegistration } from '../model/client-registration.js';
import type { ProviderEndpoints } from '../provider/provider-adapter.js';
import { failedAnswer } from '../provider/failed-answer.js';
import type { FailedAnswer } from '../provider/token-answer.js';
import type { Clock } from '../timing/clock.js';
import { isSecureEndpoint } from '../transport/secure-endpoint.js';
import type { TokenEndpointTransport } from '../transport/token-endpoint-transport.js';
import { compact } from '../util/compact.js';
import { SingleFlight } from '../util/single-flight.js';

const TIMEOUT_MS = 10_000;
const KEEP_MS = 3_600_000;

/**
 * Finds the endpoints of an issuer by its metadata and keeps them for an hour.
 *
 * @see [OpenID Connect Discovery 1.0, section 4](https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig)
 * @internal
 */
export class EndpointDiscovery {
  readonly #found = new Map<
    string,
    { readonly endpoints: ProviderEndpoints; readonly until: number }
  >();

  /** An issuer that does not answer is asked once for all. */
  readonly #flights = new SingleFlight<ProviderEndpoints | FailedAnswer>();

  constructor(
    private readonly transport: TokenEndpointTransport,
    private readonly clock: Clock,
  ) {}

  async endpointsOf(registration: ClientRegistration): Promise<ProviderEndpoints | FailedAnswer> {
    const { issuer } = registration.provider;
    if (issuer === undefined) {
      return failedAnswer(
        'misconfigured',
        'no_token_endpoint',
        'The provider names no token endpoint and no issuer.',
      );
    }
    const known = this.#found.get(issuer);
    if (known !== undefined && known.until > this.clock.monotonic()) return known.endpoints;
    return this.#flights.run(issuer, () => this.#find(issuer, registration));
  }

  async #find(
    issuer: string,
    registration: ClientRegistration,
  ): Promise<ProviderEndpoints | FailedAnswer> {
    const endpoints = await this.#discover(issuer, registration);
    if (!('outcome' in endpoints)) {
      this.#found.set(issuer, { endpoints, until: this.clock.monotonic() + KEEP_MS });
    }
    return endpoints;
  }

  async #discover(
    issuer: string,
    { http, provider }: ClientRegistration,
  ): Promise<ProviderEndpoints | FailedAnswer> {
    const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
    const result = await this.transport.send(
      { method: 'GET', url, headers: { accept: 'application/json' }, secrets: [] },
      { timeoutMs: TIMEOUT_MS, http: compact({ ...http, tls: http?.tls ?? provider.tls }) },
    );
    if (result.kind !== 'response') {
      return failedAnswer(
        'transient',
        result.code,
        `The metadata of ${issuer} could not be read: ${result.message}`,
      );
    }
    const { status, body } = result.response;
    if (status !== 200) {
      const outcome = status >= 500 || status === 429 ? 'transient' : 'misconfigured';
      return failedAnswer(
        outcome,
        `http_${status}`,
        `The metadata of ${issuer} answered ${status}.`,
      );
    }
    return readMetadata(issuer, body);
  }
}

/** The endpoints in a metadata document whose issuer is the one that was asked. */
function readMetadata(issuer: string, body: string): ProviderEndpoints | FailedAnswer {
  const metadata = parseObject(body);
  const text = (name: string): string | undefined => {
    const value: unknown = Object.hasOwn(metadata, name) ? metadata[name] : undefined;
    return typeof value === 'string' && isSecureEndpoint(value) ? value : undefined;
  };
  if (metadata['issuer'] !== issuer) {
    return failedAnswer(
      'misconfigured',
      'issuer_mismatch',
      `The metadata of ${issuer} names another issuer.`,
    );
  }
  const token = text('token_endpoint');
  if (token === undefined) {
    return failedAnswer(
      'misconfigured',
      'no_token_endpoint',
      `The metadata of ${issuer} names no https token endpoint.`,
    );
  }
  return compact({
    token,
    authorize: text('authorization_endpoint'),
    revoke: text('revocation_endpoint'),
    introspect: text('introspection_endpoint'),
    userinfo: text('userinfo_endpoint'),
  });
}

function parseObject(body: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
