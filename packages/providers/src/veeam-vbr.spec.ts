import {
  complaints,
  failureOf,
  PASSWORD,
  read,
  REFRESH,
  request,
  SENT_AT,
  tokensOf,
} from '../test/support.js';
import { veeamVbr, type VeeamVbrOptions } from './veeam-vbr.js';

describe('veeamVbr', () => {
  const provider = veeamVbr({ baseUrl: 'https://vbr.example:9419/', apiVersion: '1.3-rev1' });

  it('carries the API version on token and API calls', () => {
    const made = request(provider, REFRESH);
    expect(made).toMatchObject({
      url: 'https://vbr.example:9419/api/oauth2/token',
      body: 'grant_type=refresh_token&refresh_token=canary-refresh',
    });
    expect(made.headers['x-api-version']).toBe('1.3-rev1');
    const tokens = { accessToken: 'A', tokenType: 'Bearer', issuedAt: 0, expiresAt: 1, extras: {} };
    expect(provider.attachHeaders(tokens)).toEqual({
      authorization: 'Bearer A',
      'x-api-version': '1.3-rev1',
    });
  });

  it('logs in with RFC names and without a client', () => {
    expect(request(provider, PASSWORD).body).toBe(
      'grant_type=password&username=user&password=canary-password',
    );
  });

  it('reads lifetimes, and takes 15 minutes where none is told', () => {
    const body = { access_token: 'A', token_type: 'bearer', refresh_token: 'R', expires_in: 600 };
    expect(tokensOf(read(provider, body)).expiresAt).toBe(SENT_AT + 600_000);
    expect(tokensOf(read(provider, { access_token: 'A' })).expiresAt).toBe(SENT_AT + 900_000);
  });

  it.each<[number, unknown, string]>([
    [400, '', 'reauthorizationRequired'],
    [401, { message: 'x' }, 'reauthorizationRequired'],
    [404, '', 'misconfigured'],
    [500, '', 'ambiguous'],
  ])('a refresh answered with %d %j is %s', (status, body, outcome) => {
    expect(read(provider, body, { status }).outcome).toBe(outcome);
  });

  it('passes on what the server says', () => {
    const body = { errorCode: 'x', message: 'Invalid refresh token' };
    expect(failureOf(read(provider, body, { status: 401 })).message).toContain(
      'Invalid refresh token',
    );
  });

  it('names every wrong option at once', () => {
    expect(complaints(() => veeamVbr({} as VeeamVbrOptions))).toEqual(['baseUrl', 'apiVersion']);
    expect(
      complaints(() => veeamVbr({ baseUrl: 'https://vbr.example', apiVersion: '1\r\nX: y' })),
    ).toEqual(['apiVersion']);
  });
});
