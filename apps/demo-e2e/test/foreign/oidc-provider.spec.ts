import { isTokenUnavailableError, refreshTokenGrant } from '@oauth-token/core';
import { oidc } from '@oauth-token/providers';
import { nestClient, plainClient, REGISTRATION_ID } from './clients.js';
import { call, freshnessSuite, insist, registrationAt } from './freshness-suite.js';
import { type OidcProviderServer, startOidcProvider } from './oidc-provider-server.js';

const seedOf = async (server: OidcProviderServer) =>
  refreshTokenGrant({ refreshToken: await server.newRefreshToken() });

describe('oidc-provider, with an application of Nest', () => {
  const { open } = freshnessSuite<OidcProviderServer>({
    start: startOidcProvider,
    grant: seedOf,
    client: nestClient,
  });

  it('says once that a login is needed when the grant was revoked, and asks no more', async () => {
    const { server, client } = await open();
    await call(client);
    await server.endGrant();
    await expect(call(client)).rejects.toMatchObject({ code: 'reauthorization_required' });
    expect(server.requests.map(({ error }) => error)).toEqual([undefined, 'invalid_grant']);
    await insist(client);
    expect(server.requests).toHaveLength(2);
    expect(client.events.filter((name) => name === 'reauthorizationRequired')).toHaveLength(1);
    expect((await client.manager.status(REGISTRATION_ID)).state).toBe('reauthorizationRequired');

    await client.manager.authenticate(REGISTRATION_ID, await seedOf(server));
    expect((await call(client)).status).toBe(200);
    expect(server.reuses()).toBe(0);
  });
});

describe('oidc-provider, without Nest', () => {
  let server: OidcProviderServer;

  beforeEach(async () => {
    server = await startOidcProvider(120);
  });
  afterEach(() => server.stop());

  it('finds the token endpoint by the issuer', async () => {
    const registration = registrationAt(server, await seedOf(server));
    const provider = oidc({ issuer: server.issuer });
    const client = await plainClient({ ...registration, provider }, server.api.url);
    try {
      expect((await call(client)).status).toBe(200);
      await server.endAccessTokens();
      expect((await call(client)).status).toBe(200);
      expect(server.requests.map(({ error }) => error)).toEqual([undefined, undefined]);
    } finally {
      await client.close();
    }
  });

  it('asks once when the secret was never right, and the first refresh token lives on', async () => {
    const registration = registrationAt(server, await seedOf(server));
    const wrong = { ...registration, clientSecret: 'not-the-secret' };
    const client = await plainClient(wrong, server.api.url);
    const failures: unknown[] = [];
    for (let round = 0; round < 5; round += 1) {
      failures.push(await call(client).catch((error: unknown) => error));
      await client.tick();
    }
    await client.close();
    expect(failures.every(isTokenUnavailableError)).toBe(true);
    expect(failures).toContainEqual(expect.objectContaining({ outcome: 'misconfigured' }));
    expect(server.requests.map(({ error }) => error)).toEqual(['invalid_client']);

    const mended = await plainClient(registration, server.api.url);
    expect((await call(mended)).status).toBe(200);
    await mended.close();
    expect(server.reuses()).toBe(0);
  });
});
