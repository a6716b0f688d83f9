import {
  complaints,
  failureOf,
  fixture,
  PASSWORD,
  read,
  REFRESH,
  request,
  SENT_AT,
  tokensOf,
} from '../test/support.js';
import { twoBa } from './two-ba.js';

const client = { clientId: 'myApplicationId', clientSecret: 'myClientSecret' };

describe('twoBa', () => {
  const provider = twoBa();

  it('refreshes as the documentation shows it', () => {
    const made = request(provider, { type: 'refresh_token', refreshToken: 'LwfI!IA' }, client);
    expect(made).toMatchObject({
      method: 'POST',
      url: 'https://authorize.2ba.nl/OAuth/Token',
      body: 'grant_type=refresh_token&refresh_token=LwfI%21IA&client_id=myApplicationId&client_secret=myClientSecret',
    });
    expect(made.headers['content-type']).toBe('application/x-www-form-urlencoded');
    const documented = request(
      provider,
      { type: 'refresh_token', refreshToken: 'tGzv3JOkF0XG5Qx2TlKWIA' },
      client,
    );
    expect(documented.body).toBe(fixture('2ba-refresh-request.txt'));
  });

  it('logs in with a password, encoded, and no Authorization header', () => {
    const documented = { username: 'myUsername', password: 'myPassword' };
    expect(request(provider, { type: 'password', ...documented }, client).body).toBe(
      fixture('2ba-password-request.txt'),
    );
    const made = request(provider, { type: 'password', username: 'u@x.nl', password: 'p&w+' });
    expect(made.body).toContain('grant_type=password&username=u%40x.nl&password=p%26w%2B&');
    expect(made.headers).not.toHaveProperty('authorization');
  });

  it('redeems a code with the client in the body and the redirect URI repeated', () => {
    const grant = { type: 'authorization_code', code: 'c', redirectUri: 'https://app/cb' } as const;
    expect(request(provider, grant).body).toBe(
      'grant_type=authorization_code&code=c&redirect_uri=https%3A%2F%2Fapp%2Fcb&client_id=my-client&client_secret=canary-secret',
    );
  });

  it('never sends callback', () => {
    const extraParams = { callback: 'cb', other: 'x' };
    const form = new URLSearchParams(request(provider, REFRESH, { extraParams }).body);
    expect(form.has('callback')).toBe(false);
    expect(form.get('other')).toBe('x');
  });

  it('reads the documented answer', () => {
    expect(read(provider, fixture('2ba-token-response.txt'))).toEqual({
      outcome: 'refreshed',
      tokens: {
        accessToken: 'gAAAAH8hTQhI_uYzULg7g.......',
        tokenType: 'Bearer',
        issuedAt: SENT_AT,
        expiresAt: SENT_AT + 120_000,
        refreshToken: 'LwfI!IAAAAANi5l-g..........',
        extras: {},
      },
    });
  });

  it('takes 120 seconds where the answer tells no lifetime', () => {
    const tokens = tokensOf(read(provider, { access_token: 'a', expires_in: 'abc' }));
    expect(tokens.expiresAt).toBe(SENT_AT + 120_000);
  });

  it.each(['cb', 'a.b.c', '$_', 'jQuery1_2'])('reads a JSONP answer of %s as text', (name) => {
    const body = `${name}({"access_token":"A","token_type":"bearer","expires_in":120,"refresh_token":"R"});`;
    expect(read(provider, body)).toMatchObject({
      outcome: 'refreshed',
      tokens: { accessToken: 'A', refreshToken: 'R', expiresAt: SENT_AT + 120_000 },
    });
  });

  it('evaluates nothing', () => {
    const body = 'globalThis.evil = 1, cb({"access_token":"A"})';
    expect(failureOf(read(provider, body)).code).toBe('not_json');
    expect(failureOf(read(provider, 'cb(globalThis.evil = 1)')).code).toBe('not_json');
    expect(globalThis).not.toHaveProperty('evil');
  });

  it('takes the status of a JSONP error from its second argument', () => {
    expect(read(provider, 'cb({"error":"invalid_grant"}, 400);')).toMatchObject({
      outcome: 'reauthorizationRequired',
      code: 'invalid_grant',
      status: 400,
    });
    expect(read(provider, 'cb({"Message":"no"}, 400)')).toMatchObject({
      outcome: 'reauthorizationRequired',
      code: 'http_400',
    });
    expect(read(provider, 'cb({"error":"invalid_client"}, 400);').outcome).toBe('misconfigured');
    expect(read(provider, 'cb({}, 500);').outcome).toBe('ambiguous');
  });

  it.each<[number, unknown, string]>([
    [400, { error: 'invalid_grant' }, 'reauthorizationRequired'],
    [400, { error: 'invalid_request' }, 'reauthorizationRequired'],
    [400, '', 'reauthorizationRequired'],
    [400, '<html>Bad Request</html>', 'reauthorizationRequired'],
    [400, { IsError: true, ErrorMessage: 'x', Status: 'BadRequest' }, 'reauthorizationRequired'],
    [400, { error: 'invalid_client' }, 'misconfigured'],
    [400, { error: 'unauthorized_client' }, 'misconfigured'],
    [400, { error: 'unsupported_grant_type' }, 'misconfigured'],
    [400, { error: 'invalid_scope' }, 'misconfigured'],
    [401, '', 'misconfigured'],
    [404, '', 'misconfigured'],
    [408, '', 'transient'],
    [429, '', 'throttled'],
    [500, '<html>', 'ambiguous'],
    [503, '', 'transient'],
    [302, '', 'misconfigured'],
    [200, '<html>', 'ambiguous'],
  ])('a refresh answered with %d %j is %s', (status, body, outcome) => {
    expect(read(provider, body, { status }).outcome).toBe(outcome);
  });

  it('takes a refused password for good too, so that no account is locked', () => {
    const answer = read(provider, '', { status: 400, grant: PASSWORD });
    expect(answer.outcome).toBe('reauthorizationRequired');
  });

  it('takes another authority and path', () => {
    const other = twoBa({ authority: 'http://127.0.0.1:4000/2ba/', tokenPath: '/connect/token' });
    expect(other.endpoints).toEqual({
      token: 'http://127.0.0.1:4000/2ba/connect/token',
      authorize: 'http://127.0.0.1:4000/2ba/OAuth/Authorize',
    });
    expect(complaints(() => twoBa({ authority: 'authorize.2ba.nl', tokenPath: 'x' }))).toEqual([
      'authority',
      'tokenPath',
    ]);
  });

  it('sends Bearer to APIs and has no revocation', () => {
    const tokens = { accessToken: 'A', tokenType: 'Bearer', issuedAt: 0, expiresAt: 1, extras: {} };
    expect(provider.attachHeaders(tokens)).toEqual({ authorization: 'Bearer A' });
    const token = { value: 'r', hint: 'refresh_token' } as const;
    const context = {
      endpoints: provider.endpoints ?? { token: '' },
      clientAuthentication: provider.clientAuthentication,
    };
    expect(provider.buildRevocationRequest?.(token, context)).toBeUndefined();
    expect(provider).toMatchObject({ refreshTokenReuse: 'strict', needsClientId: true });
  });
});
