import type { ClientRegistration, TokenEndpointHttpOptions } from '../model/client-registration.js';
import type { Grant } from '../model/grant.js';
import type { TokenKey } from '../model/token-key.js';
import type { TokenSet } from '../model/token-set.js';
import type {
  ProviderEndpoints,
  TokenHttpRequest,
  TokenHttpResponse,
  TokenRequestContext,
  TokenResponseContext,
} from '../provider/provider-adapter.js';
import { failedAnswer } from '../provider/failed-answer.js';
import type { FailedAnswer, TokenAnswer } from '../provider/token-answer.js';
import { grantSecrets } from '../provider/token-request.js';
import type { Clock } from '../timing/clock.js';
import type { StoreTime } from '../timing/store-time.js';
import type { TokenEndpointTransport } from '../transport/token-endpoint-transport.js';
import { compact } from '../util/compact.js';
import { redactSecrets } from '../util/redact-secrets.js';
import { withDeadline } from '../util/with-deadline.js';
import type { EndpointDiscovery } from './endpoint-discovery.js';

/** Longest revocation request, ms. */
const REVOCATION_MS = 5_000;

/** Longest wait for a supplier of the application's, ms. */
const SUPPLIER_MS = 10_000;

/** One token request. @internal */
export interface TokenCall {
  readonly registration: ClientRegistration;
  readonly key: TokenKey;
  readonly grant: Grant;
  readonly timeoutMs: number;
  /** The tokens that are stored: a server that repeats one must not be quoted. */
  readonly tokens?: TokenSet | undefined;
  /** How much longer an answer that has begun may take, ms. */
  readonly extensionMs?: number;
  /** Asked just before the first byte leaves. */
  readonly maySend?: () => boolean;
}

/** A client secret, if there is one, or that its supplier failed. @internal */
export type Supplied = { readonly secret: string | undefined } | 'failed';

/** The lease ended before anything was sent. @internal */
export type TokenCallResult = TokenAnswer | { readonly outcome: 'leaseExpired' };

/**
 * Sends one token request and reads its answer. It never rejects, and what it returns holds no credential of the request and no
 * stored token in any text.
 *
 * @internal
 */
export class TokenEndpointClient {
  readonly #revocations = new Set<Promise<void>>();

  constructor(
    private readonly transport: TokenEndpointTransport,
    private readonly discovery: EndpointDiscovery,
    private readonly time: StoreTime,
    private readonly clock: Clock,
  ) {}

  /** Prepares and sends. */
  async request(call: TokenCall): Promise<TokenCallResult> {
    const context = await this.prepare(call.registration, call.key);
    return 'outcome' in context ? context : this.send(call, context);
  }

  async send(call: TokenCall, context: TokenRequestContext): Promise<TokenCallResult> {
    const request = buildRequest(call, context);
    if ('outcome' in request) return request;
    const sentAt = this.time.now();
    const { timeoutMs, extensionMs, maySend, registration } = call;
    const http = httpOf(registration);
    const options = compact({ timeoutMs, extensionMs, http, maySend });
    const result = await this.transport.send(request, options).catch(() => BROKEN_TRANSPORT);
    if (result.kind === 'response') {
      const answer = parse(registration, result.response, { grant: call.grant, sentAt });
      return cleaned(answer, [...request.secrets, ...knownSecrets(call)]);
    }
    if (result.code === 'lease_expired') return { outcome: 'leaseExpired' };
    const outcome = result.kind === 'notSent' ? 'transient' : 'ambiguous';
    return { outcome, code: result.code, message: redactSecrets(result.message, request.secrets) };
  }

  /** Revokes the tokens of a set, where the server can; best effort, behind whatever goes on. */
  revokeLater(
    about: { readonly registration: ClientRegistration; readonly key: TokenKey },
    { refreshToken, accessToken }: TokenSet,
  ): Promise<void> {
    const revocation = (async (): Promise<void> => {
      if (refreshToken !== undefined) {
        await this.#revoke(about, { value: refreshToken, hint: 'refresh_token' });
      }
      if (accessToken !== '') {
        await this.#revoke(about, { value: accessToken, hint: 'access_token' });
      }
    })().finally(() => this.#revocations.delete(revocation));
    this.#revocations.add(revocation);
    return revocation;
  }

  /** Waits for the revocations under way. */
  async drain(): Promise<void> {
    await Promise.all(this.#revocations);
  }

  /** @see [RFC 7009](https://www.rfc-editor.org/rfc/rfc7009) */
  async #revoke(
    { registration, key }: { readonly registration: ClientRegistration; readonly key: TokenKey },
    token: { readonly value: string; readonly hint: 'access_token' | 'refresh_token' },
  ): Promise<void> {
    const context = await this.prepare(registration, key);
    if ('outcome' in context) return;
    try {
      const request = registration.provider.buildRevocationRequest?.(token, context);
      if (request === undefined) return;
      const timeoutMs = registration.http?.timeoutMs ?? REVOCATION_MS;
      await this.transport.send(request, { timeoutMs, http: httpOf(registration) });
    } catch {
      // An adapter that cannot build the request leaves the token to its own end.
    }
  }

  /** What requests of a registration are built from, with its secret as it is now. */
  async prepare(
    registration: ClientRegistration,
    key: TokenKey,
    known?: Supplied,
  ): Promise<TokenRequestContext | FailedAnswer> {
    const endpoints: ProviderEndpoints | FailedAnswer =
      registration.provider.endpoints ?? (await this.discovery.endpointsOf(registration));
    if ('outcome' in endpoints) return endpoints;
    const { clientId, extraParams, provider } = registration;
    const supplied = known ?? (await this.secretOf(registration));
    if (supplied === 'failed') {
      return failedAnswer(
        'transient',
        'client_secret_unavailable',
        'The supplier of the client secret failed or did not answer.',
      );
    }
    const clientSecret = supplied.secret;
    return compact({
      endpoints,
      clientId,
      clientSecret,
      clientAuthentication: registration.clientAuthentication ?? provider.clientAuthentication,
      scope: key.scope ?? registration.scope,
      resource: key.resource ?? registration.resource,
      extraParams,
    });
  }

  /** The secret as it is now, where need be from its supplier. */
  secretOf({ clientSecret }: ClientRegistration): Supplied | Promise<Supplied> {
    if (typeof clientSecret !== 'function') return { secret: clientSecret };
    const supply = (async () => clientSecret())().then(
      (secret) => ({ secret }),
      // The supplier's error may hold anything: it is not passed on.
      () => 'failed' as const,
    );
    const inTime = withDeadline(supply, this.clock, SUPPLIER_MS);
    return inTime.then((supplied) => (typeof supplied === 'string' ? 'failed' : supplied));
  }
}

/** A transport that breaks its promise never to reject may have sent the request. */
const BROKEN_TRANSPORT = {
  kind: 'ambiguous',
  code: 'transport_failed',
  message: 'The transport failed, so what became of the request is not known.',
} as const;

function httpOf({ http, provider }: ClientRegistration): TokenEndpointHttpOptions {
  return compact({ ...http, tls: http?.tls ?? provider.tls });
}

/** What an adapter throws may repeat the answer: it is not passed on. */
function parse(
  { provider }: ClientRegistration,
  response: TokenHttpResponse,
  context: TokenResponseContext,
): TokenAnswer {
  try {
    return provider.parseResponse(response, context);
  } catch {
    const message = `The provider adapter '${provider.name}' failed to read an answer with status ${response.status}.`;
    return failedAnswer('ambiguous', 'answer_not_read', message);
  }
}

function buildRequest(
  { registration, grant }: TokenCall,
  context: TokenRequestContext,
): TokenHttpRequest | FailedAnswer {
  try {
    return registration.provider.buildRequest(grant, context);
  } catch (error) {
    const secrets = [context.clientSecret ?? '', ...Object.values(grant).map(String)];
    const reason = redactSecrets(error instanceof Error ? error.message : String(error), secrets);
    return failedAnswer(
      'misconfigured',
      'request_not_built',
      `The provider adapter failed: ${reason}`,
    );
  }
}

/** Credentials that are not in this request. */
function knownSecrets({ registration: { grant }, tokens }: TokenCall): readonly string[] {
  const stored = [tokens?.accessToken, tokens?.refreshToken, tokens?.idToken];
  return [
    ...(grant === undefined ? [] : grantSecrets(grant)),
    ...stored.filter((token) => token !== undefined),
  ];
}

function cleaned(answer: TokenAnswer, secrets: readonly string[]): TokenAnswer {
  if (answer.outcome !== 'refreshed') return cleanFailure(answer, secrets);
  const { defect } = answer;
  return defect === undefined ? answer : { ...answer, defect: cleanFailure(defect, secrets) };
}

function cleanFailure(failure: FailedAnswer, secrets: readonly string[]): FailedAnswer {
  return {
    ...failure,
    code: redactSecrets(failure.code, secrets),
    message: redactSecrets(failure.message, secrets),
  };
}
