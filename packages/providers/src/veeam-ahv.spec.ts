import {
  complaints,
  failureOf,
  fixture,
  PASSWORD,
  read,
  request,
  SENT_AT,
  tokensOf,
} from '../test/support.js';
import { veeamAhv } from './veeam-ahv.js';

const REQUEST_BODY = fixture('veeam-ahv-refresh-request.txt');
const RESPONSE_BODY = fixture('veeam-ahv-refresh-response.txt');
const sentRefreshToken = new URLSearchParams(REQUEST_BODY).get('refreshToken') ?? '';
const received = JSON.parse(RESPONSE_BODY) as { access_token: string; refresh_token: string };
const DAY_MS = 86_400_000;

describe('veeamAhv', () => {
  const provider = veeamAhv({ baseUrl: 'https://127.0.0.1' });

  it('refreshes as the documentation shows it', () => {
    const made = request(provider, { type: 'refresh_token', refreshToken: sentRefreshToken });
    expect(made).toMatchObject({
      method: 'POST',
      url: 'https://127.0.0.1/api/oauth2/token',
      body: REQUEST_BODY,
      secrets: [sentRefreshToken],
    });
    expect(made.headers).not.toHaveProperty('authorization');
  });

  it('logs in as the documentation shows it', () => {
    const grant = { type: 'password', username: 'administrator', password: 'Password1' } as const;
    expect(request(provider, grant).body).toBe(
      'grantType=Password&userName=administrator&password=Password1',
    );
  });

  it('asks for long-lived refresh tokens when told', () => {
    const longLived = veeamAhv({ baseUrl: 'https://127.0.0.1', longLivedRefreshToken: true });
    expect(request(longLived, PASSWORD).body).toMatch(/&longLivedRefreshToken=true$/);
    const tokens = tokensOf(read(longLived, { accessToken: 'a', refreshToken: 'r' }));
    expect(tokens.refreshTokenExpiresAt).toBe(SENT_AT + 14 * DAY_MS);
  });

  it('reads the documented answer, whose JWTs ended in 2020', () => {
    const sentAt = Date.parse('2022-11-01T13:13:44Z');
    expect(read(provider, RESPONSE_BODY, { sentAt })).toEqual({
      outcome: 'refreshed',
      tokens: {
        accessToken: received.access_token,
        tokenType: 'Bearer',
        issuedAt: sentAt,
        expiresAt: 1667310223782,
        refreshToken: received.refresh_token,
        refreshTokenExpiresAt: 1667394823782,
        extras: {},
      },
    });
  });

  it.each([-3_600_000, -2000, 5000, 3_600_000])(
    'measures the documented answer on a server clock that is %d ms off',
    (offMs) => {
      const sentAt = Date.parse('2022-11-01T13:13:44Z') - offMs;
      const headers = { date: 'Tue, 01 Nov 2022 13:13:44 GMT' };
      const tokens = tokensOf(read(provider, RESPONSE_BODY, { sentAt, headers }));
      expect(tokens.expiresAt - sentAt).toBe(1_799_782);
      expect((tokens.refreshTokenExpiresAt ?? 0) - sentAt).toBe(DAY_MS - 218);
    },
  );

  it('falls back to the span of the JWT, never to its end, when the expiry is past', () => {
    const tokens = tokensOf(read(provider, RESPONSE_BODY));
    expect(tokens.expiresAt).toBe(SENT_AT + 900_000);
    expect(tokens.refreshTokenExpiresAt).toBe(SENT_AT + DAY_MS);
  });

  it('reads the answer to a login in camel case', () => {
    const body = {
      accessToken: 'A',
      refreshToken: 'R',
      accessTokenExpiresAt: '2024-05-01T12:30:00.7826152Z',
      refreshTokenExpiresAt: '2024-05-02T12:00:00.7826277Z',
    };
    expect(read(provider, body, { grant: PASSWORD })).toMatchObject({
      outcome: 'refreshed',
      tokens: {
        accessToken: 'A',
        refreshToken: 'R',
        tokenType: 'Bearer',
        expiresAt: SENT_AT + 1_800_782,
        refreshTokenExpiresAt: SENT_AT + DAY_MS + 782,
      },
    });
  });

  it('reads a timestamp without a zone as UTC', () => {
    const body = { access_token: 'A', accessTokenExpiresAt: '2024-05-01T12:30:00.7826152' };
    expect(tokensOf(read(provider, body)).expiresAt).toBe(SENT_AT + 1_800_782);
  });

  it('takes 30 minutes and 24 hours where the answer tells nothing usable', () => {
    const body = { accessToken: 'A', refreshToken: 'R', accessTokenExpiresAt: 'soon' };
    expect(tokensOf(read(provider, body))).toMatchObject({
      expiresAt: SENT_AT + 1_800_000,
      refreshTokenExpiresAt: SENT_AT + DAY_MS,
    });
  });

  it.each<[number, unknown, string]>([
    [400, '', 'reauthorizationRequired'],
    [400, { message: 'Token is invalid' }, 'reauthorizationRequired'],
    [401, '<html>', 'reauthorizationRequired'],
    [404, '', 'misconfigured'],
    [405, '', 'misconfigured'],
    [403, '', 'misconfigured'],
    [429, '', 'throttled'],
    [500, '', 'ambiguous'],
    [503, '', 'transient'],
    [200, '', 'ambiguous'],
  ])('a refresh answered with %d %j is %s', (status, body, outcome) => {
    expect(read(provider, body, { status }).outcome).toBe(outcome);
  });

  it('tells of the newer generation where there is no such endpoint', () => {
    expect(failureOf(read(provider, '', { status: 404 })).message).toContain('veeamVbr');
    expect(failureOf(read(provider, '', { status: 405 })).message).toContain('veeamVbr');
  });

  it('takes base URLs with a slash and a path, and TLS options', () => {
    const tls = { rejectUnauthorized: false };
    const other = veeamAhv({ baseUrl: 'http://127.0.0.1:4000/veeam//', tls });
    expect(other.endpoints).toEqual({ token: 'http://127.0.0.1:4000/veeam/api/oauth2/token' });
    expect(other.tls).toEqual(tls);
    expect(provider).not.toHaveProperty('tls');
    expect(provider).toMatchObject({ needsClientId: false, refreshTokenReuse: 'strict' });
  });

  it.each(['', 'ahv.example.com', 'ftp://a', 'https://u:p@a', 'https://a?x=1', 'https://a#x', 5])(
    'refuses the base URL %j',
    (baseUrl) => {
      expect(complaints(() => veeamAhv({ baseUrl: baseUrl as string }))).toEqual(['baseUrl']);
    },
  );
});
