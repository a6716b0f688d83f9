import { inspect } from 'node:util';
import {
  complaints,
  fixture,
  formOf,
  PASSWORD,
  read,
  REFRESH,
  request,
  SENT_AT,
  tokensOf,
} from '../test/support.js';
import { empowerId } from './empower-id.js';

const TOKENS = { accessToken: 'A', tokenType: 'Bearer', issuedAt: 0, expiresAt: 1, extras: {} };

describe('empowerId', () => {
  const provider = empowerId({ baseUrl: 'https://eid.example' });
  const keyed = empowerId({ baseUrl: 'https://eid.example/', apiKey: 'canary-key' });

  it('knows where everything is', () => {
    expect(keyed.endpoints).toEqual({
      token: 'https://eid.example/oauth/v2/token',
      authorize: 'https://eid.example/oauth/v2/ui/authorize',
      revoke: 'https://eid.example/oauth/v2/tokenrevoke',
      introspect: 'https://eid.example/oauth/v2/tokeninfo',
      userinfo: 'https://eid.example/oauth/v2/userinfo',
    });
  });

  it('refreshes as the documentation shows it', () => {
    const made = request(provider, REFRESH);
    expect(made).toMatchObject({ method: 'POST', url: 'https://eid.example/oauth/v2/token' });
    expect(made.headers).toEqual({
      accept: 'application/json',
      'cache-control': 'no-cache',
      'content-type': 'application/x-www-form-urlencoded',
    });
    expect(formOf(made)).toEqual({
      client_id: 'my-client',
      client_secret: 'canary-secret',
      grant_type: 'refresh_token',
      refresh_token: 'canary-refresh',
    });
  });

  it.each(['client_secret_post', 'client_secret_basic'] as const)(
    'puts the user into the Basic header as they are, and the client into the body (%s)',
    (clientAuthentication) => {
      const grant = { type: 'password', username: 'jö@x', password: 'p@$:é%' } as const;
      const made = request(provider, grant, { clientAuthentication, scope: ['openid'] });
      const credentials = Buffer.from('jö@x:p@$:é%', 'utf8').toString('base64');
      expect(made.headers['authorization']).toBe(`Basic ${credentials}`);
      expect(formOf(made)).toEqual({
        grant_type: 'password',
        client_id: 'my-client',
        client_secret: 'canary-secret',
        scope: 'openid',
      });
      expect(made.secrets).toEqual(
        expect.arrayContaining(['p@$:é%', credentials, 'canary-secret']),
      );
    },
  );

  it('refuses a user name that a Basic header cannot carry', () => {
    const grant = { ...PASSWORD, username: 'a:b' } as const;
    expect(complaints(() => request(provider, grant as never))).toEqual(['grant.username']);
  });

  it('logs in as the client, for a person where one is named', () => {
    const made = request(
      provider,
      { type: 'client_credentials' },
      { extraParams: { username: 'jane' } },
    );
    expect(formOf(made)).toEqual({
      grant_type: 'client_credentials',
      client_id: 'my-client',
      client_secret: 'canary-secret',
      username: 'jane',
    });
    const answer = read(
      provider,
      { access_token: 'A', token_type: 'Bearer', expires_in: 3600 },
      { grant: { type: 'client_credentials' } },
    );
    expect(tokensOf(answer)).not.toHaveProperty('refreshToken');
  });

  it('carries the API key on token, revocation and API calls, as a secret', () => {
    const made = request(keyed, REFRESH);
    expect(made.headers['x-empowerid-api-key']).toBe('canary-key');
    expect(made.secrets).toContain('canary-key');
    expect(keyed.attachHeaders(TOKENS)).toEqual({
      authorization: 'Bearer A',
      'x-empowerid-api-key': 'canary-key',
    });
    expect(provider.attachHeaders(TOKENS)).toEqual({ authorization: 'Bearer A' });
    expect(inspect(keyed, { depth: 10, showHidden: true })).not.toContain('canary');
    expect(JSON.stringify(keyed)).not.toContain('canary');
  });

  it('reads the documented answer', () => {
    expect(read(provider, fixture('empowerid-refresh-response.txt'))).toEqual({
      outcome: 'refreshed',
      tokens: {
        accessToken: 'xxxxxxxxxxxxxxxxxxxxxx',
        tokenType: 'Bearer',
        issuedAt: SENT_AT,
        expiresAt: SENT_AT + 3_600_000,
        refreshToken: 'xxxxxxxxxxxxxxxxxxxxxx',
        extras: {},
      },
    });
  });

  it('takes "null" and empty texts for nothing', () => {
    const body = {
      access_token: 'A',
      token_type: 'Bearer',
      expires_in: 3600,
      refresh_token: 'null',
      id_token: 'null',
      error: '',
      error_description: 'null',
      id: 'null',
    };
    expect(read(provider, body, { grant: PASSWORD })).toEqual({
      outcome: 'refreshed',
      tokens: {
        accessToken: 'A',
        tokenType: 'Bearer',
        issuedAt: SENT_AT,
        expiresAt: SENT_AT + 3_600_000,
        extras: {},
      },
    });
  });

  it('keeps the id of a person', () => {
    const id = '5b4b3f0e-0000-4000-8000-000000000001';
    expect(tokensOf(read(provider, { access_token: 'A', id })).extras).toEqual({ id });
  });

  it('takes 3,600,000 for seconds', () => {
    const tokens = tokensOf(read(provider, { access_token: 'A', expires_in: 3_600_000 }));
    expect(tokens.expiresAt).toBe(SENT_AT + 3_600_000_000);
  });

  it.each<[number, unknown, string]>([
    [400, { error: 'invalid_grant' }, 'reauthorizationRequired'],
    [401, { error: 'invalid_grant' }, 'reauthorizationRequired'],
    [400, '', 'reauthorizationRequired'],
    [401, '<html>', 'reauthorizationRequired'],
    [400, { error: 'null' }, 'reauthorizationRequired'],
    [400, { error: 'invalid_client' }, 'misconfigured'],
    [401, { error: 'invalid_client' }, 'misconfigured'],
    [400, { error: 'unauthorized_client' }, 'misconfigured'],
    [400, { error: 'unsupported_grant_type' }, 'misconfigured'],
    [404, '', 'misconfigured'],
    [408, '', 'transient'],
    [429, '', 'throttled'],
    [500, '', 'ambiguous'],
    [200, { error: 'invalid_grant', error_description: 'x' }, 'reauthorizationRequired'],
    [200, 'null', 'ambiguous'],
  ])('a refresh answered with %d %j is %s', (status, body, outcome) => {
    expect(read(provider, body, { status }).outcome).toBe(outcome);
  });

  it('takes a refused client for a matter of the settings', () => {
    const grant = { type: 'client_credentials' } as const;
    expect(read(provider, '', { status: 401, grant }).outcome).toBe('misconfigured');
  });

  it('revokes with the client in the body', () => {
    const token = { value: 'canary-token', hint: 'refresh_token' } as const;
    const made = keyed.buildRevocationRequest?.(token, {
      endpoints: keyed.endpoints ?? { token: '' },
      clientAuthentication: 'client_secret_post',
      clientId: 'my-client',
      clientSecret: 'canary-secret',
    });
    expect(made).toMatchObject({
      method: 'POST',
      url: 'https://eid.example/oauth/v2/tokenrevoke',
      body: 'token=canary-token&token_type_hint=refresh_token&client_id=my-client&client_secret=canary-secret',
    });
    expect(made?.headers['x-empowerid-api-key']).toBe('canary-key');
    expect(made?.secrets).toEqual(['canary-token', 'canary-secret', 'canary-key']);
  });

  it('names every wrong option at once, without its value', () => {
    const make = () => empowerId({ baseUrl: 'eid', apiKey: 'canary\nkey' });
    expect(complaints(make)).toEqual(['baseUrl', 'apiKey']);
    expect(make).not.toThrow(/canary/);
  });
});
