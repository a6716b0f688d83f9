import type { ClientRegistration } from '../model/client-registration.js';
import type { Grant } from '../model/grant.js';
import type { TokenKey } from '../model/token-key.js';
import type { TokenSet } from '../model/token-set.js';
import type {
  ProviderEndpoints,
  TokenHttpRequest,
  TokenRequestContext,
} from '../provider/provider-adapter.js';
import { failedAnswer } from '../provider/failed-answer.js';
import type { FailedAnswer, TokenAnswer } from '../provider/token-answer.js';
import { grantSecrets } from '../provider/token-request.js';
import type { StoreTime } from '../timing/store-time.js';
import type { TokenEndpointTransport } from '../transport/token-endpoint-transport.js';
import { compact } from '../util/compact.js';
import { redactSecrets } from '../util/redact-secrets.js';
import type { EndpointDiscovery } from './endpoint-discovery.js';

/** Longest revocation request, ms. */
const REVOCATION_MS = 5_000;

/** One token request. @internal */
export interface TokenCall {
  readonly registration: ClientRegistration;
  readonly key: TokenKey;
  readonly grant: Grant;
  readonly timeoutMs: number;
  /** The tokens that are stored: a server that repeats one must not be quoted. */
  readonly tokens?: TokenSet | undefined;
  /** Asked just before the first byte leaves. */
  readonly maySend?: () => boolean;
}

/** The lease ended before anything was sent. @internal */
export type TokenCallResult = TokenAnswer | { readonly outcome: 'leaseExpired' };

/**
 * Sends one token request and reads its answer. It never rejects, and what it returns holds no credential of the request and no
 * stored token in any text.
 *
 * @internal
 */
export class TokenEndpointClient {
  constructor(
    private readonly transport: TokenEndpointTransport,
    private readonly discovery: EndpointDiscovery,
    private readonly time: StoreTime,
  ) {}

  async request(call: TokenCall): Promise<TokenCallResult> {
    const context = await this.contextOf(call.registration, call.key);
    if ('outcome' in context) return context;
    const request = buildRequest(call, context);
    if ('outcome' in request) return request;
    const sentAt = this.time.now();
    const { timeoutMs, maySend } = call;
    const { http: own, provider } = call.registration;
    const http = compact({ ...own, tls: own?.tls ?? provider.tls });
    const result = await this.transport.send(request, compact({ timeoutMs, http, maySend }));
    if (result.kind === 'response') {
      const answer = provider.parseResponse(result.response, { grant: call.grant, sentAt });
      return cleaned(answer, [...request.secrets, ...knownSecrets(call)]);
    }
    if (result.code === 'lease_expired') return { outcome: 'leaseExpired' };
    const outcome = result.kind === 'notSent' ? 'transient' : 'ambiguous';
    return { outcome, code: result.code, message: redactSecrets(result.message, request.secrets) };
  }

  /** Asks the authorization server to revoke a token, where it can; best effort, never rejects. */
  async revoke(
    { registration, key }: { readonly registration: ClientRegistration; readonly key: TokenKey },
    token: { readonly value: string; readonly hint: 'access_token' | 'refresh_token' },
  ): Promise<void> {
    const { provider, http: own } = registration;
    const context = await this.contextOf(registration, key);
    if ('outcome' in context) return;
    try {
      const request = provider.buildRevocationRequest?.(token, context);
      if (request === undefined) return;
      const http = compact({ ...own, tls: own?.tls ?? provider.tls });
      await this.transport.send(request, { timeoutMs: own?.timeoutMs ?? REVOCATION_MS, http });
    } catch {
      // An adapter that cannot build the request leaves the token to its own end.
    }
  }

  /** What requests of a registration are built from, with its secret as it is now. */
  async contextOf(
    registration: ClientRegistration,
    key: TokenKey,
  ): Promise<TokenRequestContext | FailedAnswer> {
    const endpoints: ProviderEndpoints | FailedAnswer =
      registration.provider.endpoints ?? (await this.discovery.endpointsOf(registration));
    if ('outcome' in endpoints) return endpoints;
    const { clientId, extraParams, provider } = registration;
    let clientSecret: string | undefined;
    try {
      clientSecret = await secretOf(registration);
    } catch {
      // The supplier's error may hold anything: it is not passed on.
      return failedAnswer(
        'transient',
        'client_secret_unavailable',
        'The supplier of the client secret failed.',
      );
    }
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

async function secretOf({ clientSecret }: ClientRegistration): Promise<string | undefined> {
  return typeof clientSecret === 'function' ? clientSecret() : clientSecret;
}
