import type { TokenSet } from '@oauth-token/core';
import { packTokens, unpackTokens } from './token-packing.js';

const tokens = (changes: Partial<TokenSet>): TokenSet => ({
  accessToken: '',
  tokenType: 'Bearer',
  issuedAt: 1,
  expiresAt: 2,
  extras: {},
  ...changes,
});

const JWT = `eyJhbGciOiJSUzI1NiJ9.${'eyJ'.repeat(90)}.${'Az09_-'.repeat(60)}`;

describe('packed tokens', () => {
  it.each([
    ['a JWT', tokens({ accessToken: JWT })],
    ['three of them', tokens({ accessToken: JWT, refreshToken: `r${JWT}`, idToken: JWT })],
    ['hexadecimal', tokens({ accessToken: 'deadBEEF01'.repeat(8) })],
    ['nothing', tokens({})],
    ['standard base64', tokens({ accessToken: 'ab+/cd==', refreshToken: 'abcd=' })],
    ['other characters', tokens({ accessToken: '~!$%&(){}|', refreshToken: 'ünïcödé' })],
    [
      'bits that no encoder writes',
      tokens({ accessToken: 'AB', refreshToken: 'A', idToken: 'AAB' }),
    ],
    ['dots alone', tokens({ accessToken: '...', refreshToken: '.a.' })],
    ['a mixture', tokens({ accessToken: JWT, refreshToken: 'a b', idToken: JWT })],
  ])('come back as they were: %s', (_name, set) => {
    const { bytes, ...packed } = packTokens(set);
    const kept = JSON.parse(JSON.stringify(packed)) as typeof packed;
    expect(unpackTokens(kept, Buffer.concat(bytes))).toEqual(set);
  });

  it('take three bytes for four characters', () => {
    const { bytes, rest } = packTokens(tokens({ accessToken: JWT }));
    expect(Buffer.concat(bytes)).toHaveLength(3 * Math.floor((JWT.length - 2) / 4));
    expect(rest).not.toHaveProperty('accessToken');
  });
});
