import { NEVER_EXPIRES } from '@oauth-token/core';
import { complaints, read, REFRESH, request, SENT_AT, tokensOf } from '../test/support.js';
import { oidc } from './oidc.js';

const tokenEndpoint = 'https://as.example/oauth/token?v=1';

describe('oidc', () => {
  it('sets the issuer alone where endpoints are to be discovered', () => {
    const provider = oidc({ issuer: 'https://as.example/tenant/' });
    expect(provider).toMatchObject({
      name: 'oidc',
      issuer: 'https://as.example/tenant/',
      clientAuthentication: 'client_secret_basic',
      needsClientId: true,
      refreshTokenReuse: 'strict',
      grants: ['password', 'client_credentials', 'refresh_token', 'authorization_code'],
    });
    expect(provider).not.toHaveProperty('endpoints');
  });

  it('takes endpoints as they stand', () => {
    const provider = oidc({
      tokenEndpoint,
      authorizationEndpoint: 'https://as.example/authorize',
      revocationEndpoint: 'https://as.example/revoke',
    });
    expect(provider.endpoints).toEqual({
      token: tokenEndpoint,
      authorize: 'https://as.example/authorize',
      revoke: 'https://as.example/revoke',
    });
    expect(provider).not.toHaveProperty('issuer');
    expect(request(provider, REFRESH)).toMatchObject({
      url: tokenEndpoint,
      body: 'grant_type=refresh_token&refresh_token=canary-refresh',
    });
  });

  it('takes what else is chosen', () => {
    const tls = { servername: 'as' };
    const provider = oidc({
      tokenEndpoint,
      name: 'acme',
      clientAuthentication: 'client_secret_post',
      refreshTokenReuse: { graceMs: 30_000 },
      grants: ['refresh_token'],
      defaultLifetimeMs: 5000,
      earliestRefreshBeforeExpiryMs: 30_000,
      expiredStatuses: [401, 403],
      extras: ['instance_url'],
      tls,
    });
    expect(provider).toMatchObject({
      name: 'acme',
      clientAuthentication: 'client_secret_post',
      refreshTokenReuse: { graceMs: 30_000 },
      grants: ['refresh_token'],
      earliestRefreshBeforeExpiryMs: 30_000,
      tls,
    });
    expect(provider.isAccessTokenRejected({ status: 403, headers: {} })).toBe(true);
    const tokens = tokensOf(read(provider, { access_token: 'A', instance_url: 'https://i' }));
    expect(tokens).toMatchObject({
      expiresAt: SENT_AT + 5000,
      extras: { instance_url: 'https://i' },
    });
  });

  it('takes tokens without an expiry for endless when told', () => {
    const provider = oidc({ tokenEndpoint, defaultLifetimeMs: 'never' });
    expect(tokensOf(read(provider, { access_token: 'A' })).expiresAt).toBe(NEVER_EXPIRES);
  });

  it.each<[number, unknown, string]>([
    [400, { error: 'invalid_grant' }, 'reauthorizationRequired'],
    [400, { error: 'invalid_request' }, 'misconfigured'],
    [400, '', 'misconfigured'],
    [401, '', 'misconfigured'],
    [403, { error: 'invalid_grant' }, 'reauthorizationRequired'],
    [404, '', 'misconfigured'],
    [502, '<html>', 'ambiguous'],
  ])('a refresh answered with %d %j is %s', (status, body, outcome) => {
    expect(read(oidc({ tokenEndpoint }), body, { status }).outcome).toBe(outcome);
  });

  it('names every wrong option at once', () => {
    expect(complaints(() => oidc({}))).toEqual(['tokenEndpoint']);
    expect(complaints(() => oidc({ issuer: 'as', tokenEndpoint: 'x' }))).toEqual([
      'issuer',
      'tokenEndpoint',
    ]);
    expect(
      complaints(() => oidc({ issuer: 'https://as.example', revocationEndpoint: 'https://r' })),
    ).toEqual(['revocationEndpoint']);
    expect(complaints(() => oidc({ tokenEndpoint, defaultLifetimeMs: -1 }))).toEqual([
      'response.expiry.defaultLifetimeMs',
    ]);
  });
});
