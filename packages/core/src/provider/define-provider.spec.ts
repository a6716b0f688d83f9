import { inspect } from 'node:util';
import { ConfigurationError } from '../errors/errors.js';
import type { ConfigurationProblem } from '../errors/errors.js';
import type { Grant } from '../model/grant.js';
import { NEVER_EXPIRES } from '../model/token-set.js';
import { defineProvider } from './define-provider.js';
import type { TokenRequestContext } from './provider-adapter.js';
import type { ProviderDefinition } from './provider-definition.js';
import type { FailedAnswer, ReceivedTokens, TokenAnswer } from './token-answer.js';

const SENT_AT = Date.parse('2024-05-01T12:00:00Z');
const HOUR_MS = 3_600_000;
const endpoints = { token: 'https://as.example/token?tenant=7' };
const minimal: ProviderDefinition = { name: 'plain', endpoints };
const refresh: Grant = { type: 'refresh_token', refreshToken: 'canary-refresh' };

const context = (extra: Partial<TokenRequestContext> = {}): TokenRequestContext => ({
  endpoints,
  clientAuthentication: 'client_secret_basic',
  clientId: 'client',
  clientSecret: 'canary-secret',
  ...extra,
});

function answer(
  body: unknown,
  options: {
    definition?: Partial<ProviderDefinition>;
    status?: number;
    headers?: Record<string, string>;
    grant?: Grant;
  } = {},
): TokenAnswer {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return defineProvider({ ...minimal, ...options.definition }).parseResponse(
    { status: options.status ?? 200, headers: options.headers ?? {}, body: text },
    { grant: options.grant ?? refresh, sentAt: SENT_AT },
  );
}

function tokensOf(result: TokenAnswer): ReceivedTokens {
  if (result.outcome !== 'refreshed') throw new Error(`not refreshed: ${result.code}`);
  return result.tokens;
}

function failureOf(result: TokenAnswer): FailedAnswer {
  if (result.outcome !== 'refreshed') return result;
  if (result.defect === undefined) throw new Error('no failure');
  return result.defect;
}

const jwt = (claims: unknown): string =>
  `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.sig`;

function problemsOf(definition: unknown): readonly ConfigurationProblem[] {
  try {
    defineProvider(definition as ProviderDefinition);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems;
    throw error;
  }
  return [];
}

describe('defineProvider', () => {
  it('fills in what RFC 6749 says', () => {
    expect(defineProvider(minimal)).toMatchObject({
      name: 'plain',
      endpoints,
      needsClientId: true,
      clientAuthentication: 'client_secret_basic',
      grants: ['password', 'client_credentials', 'refresh_token', 'authorization_code'],
      refreshTokenReuse: 'strict',
    });
    expect(defineProvider({ name: 'x', issuer: 'https://as.example' })).not.toHaveProperty(
      'endpoints',
    );
  });

  it.each<[string, unknown, readonly string[]]>([
    ['nothing', undefined, ['definition']],
    ['no place', { name: 'x' }, ['endpoints']],
    ['a bad name', { ...minimal, name: 'a b' }, ['name']],
    ['a bad URL', { name: 'x', endpoints: { token: 'as.example/token' } }, ['endpoints.token']],
    ['a foreign scheme', { name: 'x', endpoints: { token: 'ftp://a/b' } }, ['endpoints.token']],
    ['credentials in a URL', { name: 'x', issuer: 'https://u:p@as.example' }, ['issuer']],
    ['an unknown setting', { ...minimal, reqest: {} }, ['reqest']],
    ['an unknown grant', { ...minimal, grants: ['implicit'] }, ['grants[0]']],
    ['no grants', { ...minimal, grants: [] }, ['grants']],
    [
      'bad numbers',
      { ...minimal, response: { expiry: { defaultLifetimeMs: Number.NaN } } },
      ['response.expiry.defaultLifetimeMs'],
    ],
    [
      'bad headers',
      {
        ...minimal,
        request: { headers: { authorization: 'x', 'x-a': 'a\r\nb', 'x-b': { secret: '\n' } } },
      },
      ['request.headers.authorization', 'request.headers.x-a', 'request.headers.x-b'],
    ],
    [
      'a dangerous path',
      { ...minimal, response: { extras: ['__proto__.x'] } },
      ['response.extras[0]'],
    ],
    [
      'bad classes',
      { ...minimal, errors: { codes: { x: 'dead' }, statuses: { 99: 'transient' } } },
      ['errors.codes.x', 'errors.statuses.99'],
    ],
    [
      'bad reuse',
      { ...minimal, rotation: { refreshTokenReuse: { graceMs: -1 } } },
      ['rotation.refreshTokenReuse'],
    ],
    ['a bad scheme', { ...minimal, attach: { scheme: 'Bearer x' } }, ['attach.scheme']],
    [
      'several at once',
      { name: '', endpoints: {}, clientAuthentication: 'basic' },
      ['name', 'endpoints.token', 'clientAuthentication'],
    ],
  ])('refuses %s by path', (_name, definition, paths) => {
    expect(problemsOf(definition).map(({ path }) => path)).toEqual(paths);
  });

  it('never repeats a wrong value', () => {
    const definition = {
      ...minimal,
      request: { headers: { 'x-key': { secret: 'canary-key\n' } } },
      tls: 'canary-tls',
    };
    expect(inspect(problemsOf(definition), { depth: 10 })).not.toContain('canary');
  });
});

describe('buildRequest', () => {
  it('sends form-encoded client credentials in a Basic header', () => {
    const request = defineProvider(minimal).buildRequest(
      refresh,
      context({ clientId: 'my client:1', clientSecret: 'p%w é+' }),
    );
    const credentials = Buffer.from('my+client%3A1:p%25w+%C3%A9%2B').toString('base64');
    expect(request).toEqual({
      method: 'POST',
      url: 'https://as.example/token?tenant=7',
      headers: {
        accept: 'application/json',
        'content-type': 'application/x-www-form-urlencoded',
        authorization: `Basic ${credentials}`,
      },
      body: 'grant_type=refresh_token&refresh_token=canary-refresh',
      secrets: ['canary-refresh', 'p%w é+', credentials],
    });
  });

  it.each<[Partial<TokenRequestContext>, string]>([
    [
      { clientAuthentication: 'client_secret_post' },
      'grant_type=client_credentials&client_id=client&client_secret=canary-secret',
    ],
    [{ clientAuthentication: 'none' }, 'grant_type=client_credentials&client_id=client'],
  ])('authenticates the client as %j', (extra, body) => {
    const request = defineProvider(minimal).buildRequest(
      { type: 'client_credentials' },
      context(extra),
    );
    expect(request.body).toBe(body);
    expect(request.headers).not.toHaveProperty('authorization');
  });

  it('names a client without a secret in the body', () => {
    const request = defineProvider(minimal).buildRequest(refresh, {
      endpoints,
      clientAuthentication: 'client_secret_basic',
      clientId: 'public',
    });
    expect(new URLSearchParams(request.body).get('client_id')).toBe('public');
    expect(request.headers).not.toHaveProperty('authorization');
  });

  it('asks for scope and resources when logging in, not for scope when refreshing', () => {
    const provider = defineProvider(minimal);
    const wide = context({ scope: ['a', 'b'], resource: ['https://r1', 'https://r2'] });
    const login = new URLSearchParams(
      provider.buildRequest({ type: 'client_credentials' }, wide).body,
    );
    const renewal = new URLSearchParams(provider.buildRequest(refresh, wide).body);
    expect(login.get('scope')).toBe('a b');
    expect(login.getAll('resource')).toEqual(['https://r1', 'https://r2']);
    expect(renewal.has('scope')).toBe(false);
    expect(renewal.getAll('resource')).toEqual(['https://r1', 'https://r2']);
  });

  it('adds extra parameters, which never replace those of the protocol', () => {
    const provider = defineProvider({
      ...minimal,
      request: {
        extraParameters: { refresh_token: { audience: 'default', kind: 'x' } },
        neverSend: ['callback'],
      },
    });
    const extraParams = {
      audience: 'mine',
      grant_type: 'evil',
      refresh_token: 'evil',
      callback: 'cb',
      api_key: 'canary-key',
    };
    const request = provider.buildRequest(refresh, context({ extraParams }));
    expect([...new URLSearchParams(request.body)]).toEqual([
      ['grant_type', 'refresh_token'],
      ['refresh_token', 'canary-refresh'],
      ['audience', 'mine'],
      ['kind', 'x'],
      ['api_key', 'canary-key'],
    ]);
    expect(request.secrets).toContain('canary-key');
    expect(request.secrets).not.toContain('mine');
  });

  it('redeems a code with its verifier', () => {
    const request = defineProvider(minimal).buildRequest(
      { type: 'authorization_code', code: 'c', redirectUri: 'https://app/cb', codeVerifier: 'v' },
      context(),
    );
    expect(request.body).toBe(
      'grant_type=authorization_code&code=c&redirect_uri=https%3A%2F%2Fapp%2Fcb&code_verifier=v',
    );
    expect(request.secrets).toEqual(expect.arrayContaining(['c', 'v', 'canary-secret']));
  });

  it('refuses a grant that the provider does not take', () => {
    const provider = defineProvider({ ...minimal, grants: ['password'] });
    expect(() => provider.buildRequest(refresh, context())).toThrow(/grant\.type.*refresh_token/s);
  });

  it('builds a revocation where there is an endpoint for it', () => {
    const provider = defineProvider(minimal);
    const token = { value: 'canary-token', hint: 'refresh_token' } as const;
    expect(provider.buildRevocationRequest?.(token, context())).toBeUndefined();
    const revoke = 'https://as.example/revoke';
    const request = provider.buildRevocationRequest?.(
      token,
      context({ endpoints: { ...endpoints, revoke } }),
    );
    expect(request).toMatchObject({
      url: revoke,
      body: 'token=canary-token&token_type_hint=refresh_token',
    });
    expect(request?.headers['authorization']).toMatch(/^Basic /);
    expect(request?.secrets).toContain('canary-token');
  });
});

describe('parseResponse: tokens', () => {
  it('reads the answer of RFC 6749, section 5.1', () => {
    const body = {
      access_token: '2YotnFZFEjr1zCsicMWpAA',
      token_type: 'example-ignored',
      expires_in: 3600,
      refresh_token: 'tGzv3JOkF0XG5Qx2TlKWIA',
      scope: 'a b',
      id_token: 'h.p.s',
      other: 'not kept',
    };
    expect(answer({ ...body, token_type: 'bearer' })).toEqual({
      outcome: 'refreshed',
      tokens: {
        accessToken: '2YotnFZFEjr1zCsicMWpAA',
        tokenType: 'Bearer',
        issuedAt: SENT_AT,
        expiresAt: SENT_AT + HOUR_MS,
        refreshToken: 'tGzv3JOkF0XG5Qx2TlKWIA',
        scope: ['a', 'b'],
        idToken: 'h.p.s',
        extras: {},
      },
    });
  });

  it.each<[unknown, number]>([
    [120, 120_000],
    ['120', 120_000],
    [119.5, 119_500],
    ['119.5', 119_500],
    [0.2, 1000],
    [3_600_000, 3_600_000_000],
    ['abc', 3_600_000],
    [-1, 3_600_000],
    ['-1', 3_600_000],
    [0, 3_600_000],
    ['0', 3_600_000],
    [null, 3_600_000],
    ['', 3_600_000],
    ['NaN', 3_600_000],
    [1e12, 3_600_000],
    ['1000000000000', 3_600_000],
    ['1e3', 3_600_000],
    [{}, 3_600_000],
    [[120], 3_600_000],
    [true, 3_600_000],
    [undefined, 3_600_000],
  ])('takes expires_in %j as %d ms', (expires, lifetimeMs) => {
    const tokens = tokensOf(answer({ access_token: 'a', expires_in: expires }));
    expect(tokens.expiresAt - SENT_AT).toBe(lifetimeMs);
  });

  it.each<[unknown, unknown, number]>([
    [undefined, { iat: 1000, exp: 1900 }, 900_000],
    ['abc', { iat: 1000, exp: 1900 }, 900_000],
    [60, { iat: 1000, exp: 1900 }, 60_000],
    [undefined, { iat: 1900, exp: 1000 }, 3_600_000],
    [undefined, { iat: '1000', exp: '1900' }, 3_600_000],
    [undefined, { exp: 1900 }, 3_600_000],
    [undefined, { iat: 0, exp: 1e12 }, 3_600_000],
    [undefined, [1], 3_600_000],
    [undefined, null, 3_600_000],
  ])('with expires_in %j and the claims %j a JWT lives %d ms', (expires, claims, lifetimeMs) => {
    const tokens = tokensOf(answer({ access_token: jwt(claims), expires_in: expires }));
    expect(tokens.expiresAt - SENT_AT).toBe(lifetimeMs);
  });

  it('has tokens without an end where the definition says so, unless an expiry is told', () => {
    const definition = {
      response: { expiry: { withoutExpiry: 'never', defaultLifetimeMs: 5000 } },
    } as const;
    const end = (body: object) =>
      tokensOf(answer({ access_token: 'a', ...body }, { definition })).expiresAt;
    expect(end({})).toBe(NEVER_EXPIRES);
    expect(end({ expires_in: 60 })).toBe(SENT_AT + 60_000);
    expect(end({ expires_in: 'abc' })).toBe(SENT_AT + 5000);
  });

  const absolute = {
    response: {
      fields: { expiresAt: ['until'], refreshTokenExpiresAt: ['refreshUntil'] },
      expiry: { defaultRefreshTokenLifetimeMs: 9000 },
    },
  } as const;

  it('measures an absolute expiry on the clock of the server', () => {
    const body = {
      access_token: 'a',
      until: '2024-05-01T11:10:00',
      refresh_token: 'r',
      refreshUntil: '2024-05-01T13:00:00Z',
    };
    const headers = { date: 'Wed, 01 May 2024 11:00:00 GMT' };
    const tokens = tokensOf(answer(body, { definition: absolute, headers }));
    expect(tokens.expiresAt).toBe(SENT_AT + 600_000);
    expect(tokens.refreshTokenExpiresAt).toBe(SENT_AT + 2 * HOUR_MS);
  });

  it('takes an absolute expiry as it is without a Date header, and falls back when it is past', () => {
    const read = (until: string) =>
      tokensOf(answer({ access_token: 'a', until }, { definition: absolute })).expiresAt;
    expect(read('2024-05-01T12:10:00.1234567Z')).toBe(SENT_AT + 600_123);
    expect(read('2020-05-01T12:10:00Z')).toBe(SENT_AT + HOUR_MS);
    expect(read('2994-05-01T12:10:00Z')).toBe(SENT_AT + HOUR_MS);
  });

  it('gives a default lifetime to a new refresh token only', () => {
    const read = (body: object) =>
      tokensOf(answer({ access_token: 'a', ...body }, { definition: absolute }));
    expect(read({ refresh_token: 'r' }).refreshTokenExpiresAt).toBe(SENT_AT + 9000);
    expect(read({})).not.toHaveProperty('refreshTokenExpiresAt');
    expect(read({ refresh_token: 'r', refresh_expires_in: 30 }).refreshTokenExpiresAt).toBe(
      SENT_AT + 30_000,
    );
  });

  it.each([undefined, null, '', 'null', 5, {}, ['r'], 'a\nb', 'é', 'x'.repeat(16_385)])(
    'leaves out the refresh token %j',
    (value) => {
      const tokens = tokensOf(answer({ access_token: 'a', refresh_token: value }));
      expect(tokens).not.toHaveProperty('refreshToken');
    },
  );

  it.each<[unknown, readonly string[] | undefined]>([
    ['a b', ['a', 'b']],
    [
      ['a', 'b', 5, null],
      ['a', 'b'],
    ],
    ['', undefined],
    [5, undefined],
    [{}, undefined],
    [null, undefined],
  ])('reads the scope %j', (scope, expected) => {
    expect(tokensOf(answer({ access_token: 'a', scope })).scope).toEqual(expected);
  });

  it('keeps only the extras that are asked for and plain', () => {
    const definition = { response: { extras: ['instance_url', 'team.id', 'list', 'none'] } };
    const body = {
      access_token: 'a',
      instance_url: 'https://i',
      team: { id: 7, name: 'x' },
      list: [1],
      none: 'null',
    };
    expect(tokensOf(answer(body, { definition })).extras).toEqual({
      instance_url: 'https://i',
      'team.id': 7,
    });
  });

  it('reads own members only and harms no prototype', () => {
    const body = '{"__proto__":{"access_token":"evil","polluted":1},"constructor":{"x":1}}';
    expect(failureOf(answer(body)).code).toBe('no_access_token');
    expect(Object.prototype).not.toHaveProperty('polluted');
    expect(failureOf(answer({ error: 'constructor' }, { status: 400 }))).toMatchObject({
      outcome: 'misconfigured',
      code: 'constructor',
    });
  });

  it('takes a byte order mark off, and JSONP only when asked', () => {
    expect(tokensOf(answer('\uFEFF{"access_token":"a"}')).accessToken).toBe('a');
    const wrapped = 'my.cb({"access_token":"a"});';
    expect(failureOf(answer(wrapped))).toMatchObject({ outcome: 'ambiguous', code: 'not_json' });
    const definition = { response: { jsonp: true } };
    expect(tokensOf(answer(wrapped, { definition })).accessToken).toBe('a');
    expect(tokensOf(answer(`/**/${wrapped}`, { definition })).accessToken).toBe('a');
  });
});

describe('parseResponse: unusable access tokens', () => {
  it.each<[unknown, string]>([
    [undefined, 'no_access_token'],
    [null, 'no_access_token'],
    ['', 'no_access_token'],
    ['null', 'no_access_token'],
    [5, 'invalid_access_token'],
    [{ a: 1 }, 'invalid_access_token'],
    [['a'], 'invalid_access_token'],
    ['a\r\nX-Evil: 1', 'invalid_access_token'],
    ['a b', 'invalid_access_token'],
    ['é', 'invalid_access_token'],
    ['x'.repeat(16_385), 'invalid_access_token'],
  ])('%j keeps the refresh token beside it', (accessToken, code) => {
    const body = { access_token: accessToken, expires_in: 60 };
    expect(answer(body)).toMatchObject({ outcome: 'ambiguous', code });
    const kept = answer({ ...body, refresh_token: 'next' });
    expect(kept).toMatchObject({
      outcome: 'refreshed',
      tokens: { refreshToken: 'next', issuedAt: SENT_AT, expiresAt: SENT_AT },
      defect: { outcome: 'ambiguous', code },
    });
    expect(tokensOf(kept)).not.toHaveProperty('accessToken');
  });

  it.each(['mac', 'DPoP', 'N_A'])('refuses tokens of type %s', (tokenType) => {
    const body = { access_token: 'a', token_type: tokenType };
    expect(answer(body)).toMatchObject({
      outcome: 'misconfigured',
      code: 'unsupported_token_type',
    });
    expect(answer({ ...body, refresh_token: 'next' })).toMatchObject({
      outcome: 'refreshed',
      tokens: { refreshToken: 'next' },
      defect: { code: 'unsupported_token_type' },
    });
  });

  it.each(['Bearer', 'bearer', 'BEARER', '', null, 'null', undefined, 7])(
    'takes the token type %j for Bearer',
    (tokenType) => {
      const result = answer({ access_token: 'a', token_type: tokenType });
      expect(result).toMatchObject({ outcome: 'refreshed', tokens: { tokenType: 'Bearer' } });
      expect(result).not.toHaveProperty('defect');
    },
  );
});

describe('parseResponse: failures', () => {
  it.each<[number, unknown, string, string]>([
    [200, { error: 'invalid_grant' }, 'reauthorizationRequired', 'invalid_grant'],
    [200, { error: 'weird', access_token: 'a' }, 'ambiguous', 'weird'],
    [200, { error: { code: 5 } }, 'ambiguous', 'error_in_answer'],
    [200, '<html>', 'ambiguous', 'not_json'],
    [200, '{"access_token":"a', 'ambiguous', 'not_json'],
    [200, '', 'ambiguous', 'empty_body'],
    [204, '', 'ambiguous', 'empty_body'],
    [200, '[]', 'ambiguous', 'not_an_object'],
    [200, 'null', 'ambiguous', 'not_an_object'],
    [200, '"a"', 'ambiguous', 'not_an_object'],
    [302, '', 'misconfigured', 'unexpected_redirect'],
    [307, { error: 'invalid_grant' }, 'misconfigured', 'unexpected_redirect'],
    [400, { error: 'invalid_grant' }, 'reauthorizationRequired', 'invalid_grant'],
    [401, { error: 'invalid_grant' }, 'reauthorizationRequired', 'invalid_grant'],
    [403, { error: 'invalid_grant' }, 'reauthorizationRequired', 'invalid_grant'],
    [400, { error: 'invalid_client' }, 'misconfigured', 'invalid_client'],
    [401, { error: 'invalid_client' }, 'misconfigured', 'invalid_client'],
    [400, { error: 'unauthorized_client' }, 'misconfigured', 'unauthorized_client'],
    [400, { error: 'unsupported_grant_type' }, 'misconfigured', 'unsupported_grant_type'],
    [400, { error: 'invalid_scope' }, 'misconfigured', 'invalid_scope'],
    [400, { error: 'invalid_request' }, 'misconfigured', 'invalid_request'],
    [400, '', 'misconfigured', 'http_400'],
    [400, '<html>', 'misconfigured', 'http_400'],
    [400, { error: 'has spaces' }, 'misconfigured', 'http_400'],
    [401, '', 'misconfigured', 'http_401'],
    [404, '', 'misconfigured', 'http_404'],
    [405, '', 'misconfigured', 'http_405'],
    [408, '', 'transient', 'http_408'],
    [425, '', 'transient', 'http_425'],
    [429, { error: 'invalid_grant' }, 'throttled', 'invalid_grant'],
    [500, '<html>', 'ambiguous', 'http_500'],
    [500, { access_token: 'a', refresh_token: 'r' }, 'ambiguous', 'http_500'],
    [502, '', 'ambiguous', 'http_502'],
    [503, '', 'transient', 'http_503'],
    [400, { error: 'temporarily_unavailable' }, 'transient', 'temporarily_unavailable'],
    [400, { error: 'server_error' }, 'ambiguous', 'server_error'],
    [400, { error: 'slow_down' }, 'throttled', 'slow_down'],
    [400, { access_token: 'a', refresh_token: 'r' }, 'misconfigured', 'http_400'],
  ])('%d %j is %s (%s)', (status, body, outcome, code) => {
    const result = answer(body, { status });
    expect(result).toMatchObject({ outcome, code, status });
    expect(failureOf(result).message).toContain(String(status));
  });

  it.each([null, '', 'null', false, 0, {}, []])('an error of %j means none', (error) => {
    expect(answer({ access_token: 'a', error }).outcome).toBe('refreshed');
  });

  it('keeps another refresh token that comes with an error, but no echo of the one sent', () => {
    const body = { error: 'server_error', access_token: 'a' };
    expect(answer({ ...body, refresh_token: 'next' })).toMatchObject({
      outcome: 'refreshed',
      tokens: { refreshToken: 'next' },
      defect: { outcome: 'ambiguous', code: 'server_error' },
    });
    expect(answer({ error: 'invalid_grant', refresh_token: 'canary-refresh' })).toMatchObject({
      outcome: 'reauthorizationRequired',
    });
  });

  it('tells how long to wait', () => {
    expect(answer('', { status: 503, headers: { 'retry-after': '7' } })).toMatchObject({
      retryAfterMs: 7000,
    });
    const headers = {
      'retry-after': 'Wed, 01 May 2024 11:00:30 GMT',
      date: 'Wed, 01 May 2024 11:00:00 GMT',
    };
    expect(answer('', { status: 429, headers })).toMatchObject({ retryAfterMs: 30_000 });
    expect(answer('', { status: 429, headers: { 'retry-after': 'soon' } })).not.toHaveProperty(
      'retryAfterMs',
    );
  });

  it('lets a definition classify codes and statuses, and tell what to do', () => {
    const definition = {
      errors: {
        codes: { 'Access Denied': 'throttled', bad_refresh_token: 'reauthorizationRequired' },
        statuses: { 403: 'tooEarly' },
        refusedStatuses: [400],
        hints: { 404: 'use the other one' },
      },
    } as const;
    const read = (status: number, body: unknown, grant: Grant = refresh) =>
      failureOf(answer(body, { status, definition, grant }));
    expect(read(200, { error: 'bad_refresh_token' }).outcome).toBe('reauthorizationRequired');
    expect(read(400, { error: 'Access Denied' })).toMatchObject({
      outcome: 'throttled',
      code: 'http_400',
    });
    expect(read(403, '').outcome).toBe('tooEarly');
    expect(read(400, '').outcome).toBe('reauthorizationRequired');
    expect(read(400, { error: 'invalid_client' }).outcome).toBe('misconfigured');
    expect(read(400, '', { type: 'client_credentials' }).outcome).toBe('misconfigured');
    expect(read(404, '').message).toContain('use the other one');
  });

  it('passes on what the server says, clean, cut and without secrets', () => {
    const description = `line one\r\n\u0000two canary-refresh ${jwt({ sub: 'x' })} ${'y'.repeat(300)}`;
    const { message } = failureOf(
      answer({ error: 'invalid_grant', error_description: description }, { status: 400 }),
    );
    expect(message).toMatch(
      /^The token endpoint answered with status 400 and the error invalid_grant: "line one two \[redacted\] \[redacted\] y+\u2026"\.$/,
    );
    expect(message.length).toBeLessThan(300);
  });

  it('does not leave part of a secret where the text is cut', () => {
    const { message } = failureOf(
      answer(
        { error: 'x', error_description: `${'y'.repeat(190)} canary-refresh` },
        { status: 400 },
      ),
    );
    expect(message).not.toContain('cana');
  });

  it.each([
    ['the refresh token', 'canary-refresh'],
    ['a JWT', 'eyJhbGciOiJub25lIn0'],
  ])('does not take %s for an error code', (_name, error) => {
    expect(failureOf(answer({ error }, { status: 400 })).code).toBe('http_400');
  });

  it('does not throw whatever it is handed', () => {
    const provider = defineProvider(minimal);
    const broken = { status: 200 } as never;
    expect(provider.parseResponse(broken, { grant: refresh, sentAt: SENT_AT })).toMatchObject({
      outcome: 'ambiguous',
      code: 'unreadable_answer',
    });
  });

  it('reads a hostile body of 64 kB in no time', () => {
    const definition = { response: { jsonp: true } };
    const bodies = [
      '['.repeat(65_536),
      `cb(${' '.repeat(65_000)},`,
      `cb(${','.repeat(65_000)})`,
      `{"a":`.repeat(13_000),
      `{"access_token":"${' '.repeat(60_000)}x"}`,
      `{"error":"x","error_description":"${'eyJ.'.repeat(16_000)}"}`,
      `{"access_token":"a","expires_in":"${'1'.repeat(60_000)}"}`,
    ];
    const start = performance.now();
    for (const body of bodies) answer(body, { definition });
    expect(performance.now() - start).toBeLessThan(1000);
  });
});

describe('attaching', () => {
  const tokens = { accessToken: 'a', tokenType: 'Bearer', issuedAt: 0, expiresAt: 1, extras: {} };

  it('puts the token and further headers on a call', () => {
    expect(defineProvider(minimal).attachHeaders(tokens)).toEqual({ authorization: 'Bearer a' });
    const provider = defineProvider({
      ...minimal,
      attach: { scheme: 'Zoho-oauthtoken', headers: { 'X-Key': { secret: 'k' }, 'x-v': '1' } },
    });
    expect(provider.attachHeaders(tokens)).toEqual({
      authorization: 'Zoho-oauthtoken a',
      'x-key': 'k',
      'x-v': '1',
    });
    expect(inspect(provider, { depth: 10 })).not.toContain("'k'");
  });

  it('knows the statuses that refuse a token', () => {
    const plain = defineProvider(minimal);
    const other = defineProvider({ ...minimal, attach: { expiredStatuses: [403] } });
    expect(plain.isAccessTokenRejected({ status: 401, headers: {} })).toBe(true);
    expect(plain.isAccessTokenRejected({ status: 403, headers: {} })).toBe(false);
    expect(other.isAccessTokenRejected({ status: 403, headers: {} })).toBe(true);
    expect(other.isAccessTokenRejected({ status: 401, headers: {} })).toBe(false);
  });

  it('does not renew where a stronger login is wanted', () => {
    const headers = { 'www-authenticate': 'Bearer error="insufficient_user_authentication"' };
    expect(defineProvider(minimal).isAccessTokenRejected({ status: 401, headers })).toBe(false);
  });
});
