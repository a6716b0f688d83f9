import { jest } from '@jest/globals';
import { generateKeyPairSync } from 'node:crypto';
import type { RequestListener } from 'node:http';
import type { Provider, Token } from 'oidc-provider';
import { listen } from '../support/http-server.js';
import { CLIENT, type ForeignServer, startApi, type TokenRequest } from './foreign-server.js';

const SCOPE = 'openid offline_access';

/** `oidc-provider` with rotation: the second use of a refresh token revokes the grant with all its tokens. */
export interface OidcProviderServer extends ForeignServer {
  /** A first refresh token of a new grant, made through the provider's own models. */
  newRefreshToken(): Promise<string>;
}

export async function startOidcProvider(lifetimeSeconds: number): Promise<OidcProviderServer> {
  const routes: RequestListener[] = [];
  const server = await listen((request, response) => routes[0]?.(request, response));
  // The issuer is the server's own address, so that discovery finds it.
  const provider = await makeProvider(server.url, lifetimeSeconds);
  routes.push(provider.callback());
  const requests: TokenRequest[] = [];
  const live: Token[] = [];
  const grants: string[] = [];
  let revoked = 0;
  provider.on('access_token.saved', (token) => live.push(token));
  provider.on('grant.success', ({ oidc, body }) => {
    requests.push({ ...sentIn(oidc.params), issued: body?.refresh_token });
  });
  for (const event of ['grant.error', 'server_error'] as const) {
    provider.on(event, ({ oidc }, { message }) => {
      requests.push({ ...sentIn(oidc.params), error: message });
    });
  }
  provider.on('grant.revoked', () => (revoked += 1));
  const api = await startApi(
    async (accessToken) => (await provider.AccessToken.find(accessToken)) !== undefined,
  );
  return {
    issuer: server.url,
    tokenEndpoint: `${server.url}/token`,
    api,
    requests,
    reuses: () => revoked,
    endAccessTokens: async () => {
      for (const token of live.splice(0)) await token.destroy();
    },
    endGrant: async () => {
      for (const id of grants.splice(0)) await endGrant(provider, id);
    },
    changeClientSecret: async (secret) => {
      (await theClient(provider)).clientSecret = secret;
    },
    newRefreshToken: async () => {
      const { refreshToken, grantId } = await makeRefreshToken(provider);
      grants.push(grantId);
      return refreshToken;
    },
    stop: async () => {
      await api.stop();
      await server.stop();
    },
  };
}

/** It warns of this version of Node and of its memory adapter; both are meant. */
async function makeProvider(issuer: string, lifetimeSeconds: number): Promise<Provider> {
  const warn = jest.spyOn(console, 'warn').mockImplementation(() => undefined);
  try {
    const module = await import('oidc-provider');
    return new module.Provider(issuer, configuration(lifetimeSeconds));
  } finally {
    warn.mockRestore();
  }
}

function configuration(lifetimeSeconds: number): object {
  const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  return {
    clients: [
      {
        client_id: CLIENT.id,
        client_secret: CLIENT.secret,
        grant_types: ['authorization_code', 'refresh_token'],
        redirect_uris: ['https://app.example/callback'],
        token_endpoint_auth_method: 'client_secret_basic',
        id_token_signed_response_alg: 'ES256',
      },
    ],
    jwks: { keys: [{ ...key.export({ format: 'jwk' }), use: 'sig', alg: 'ES256' }] },
    cookies: { keys: ['not-used'] },
    features: { devInteractions: { enabled: false } },
    rotateRefreshToken: true,
    ttl: { AccessToken: lifetimeSeconds, IdToken: 60, RefreshToken: 600, Grant: 600 },
    // It keeps whole seconds, rounded down: without a second of tolerance tokens would end before their time.
    clockTolerance: 1,
    findAccount: (_context: unknown, id: string) => ({
      accountId: id,
      claims: () => ({ sub: id }),
    }),
  };
}

async function makeRefreshToken(
  provider: Provider,
): Promise<{ refreshToken: string; grantId: string }> {
  const client = await theClient(provider);
  const grant = new provider.Grant({ accountId: 'alice', clientId: client.clientId });
  grant.addOIDCScope(SCOPE);
  const grantId = await grant.save();
  const token = new provider.RefreshToken({
    accountId: 'alice',
    client,
    grantId,
    scope: SCOPE,
    gty: 'authorization_code',
  });
  return { refreshToken: await token.save(), grantId };
}

async function endGrant(provider: Provider, id: string): Promise<void> {
  await provider.AccessToken.revokeByGrantId(id);
  await (await provider.Grant.find(id))?.destroy();
}

async function theClient(provider: Provider): Promise<{ clientId: string; clientSecret: string }> {
  const client = await provider.Client.find(CLIENT.id);
  if (client === undefined) throw new Error('The provider does not know its client.');
  return client;
}

const sentIn = (
  params: Readonly<Record<string, string | undefined>> = {},
): Pick<TokenRequest, 'at' | 'grant' | 'refreshToken'> => ({
  at: Date.now(),
  grant: params['grant_type'] ?? '',
  refreshToken: params['refresh_token'],
});
