import type { TokenSet } from '../model/token-set.js';
import { mergeTokens } from './merge-tokens.js';

const previous: TokenSet = {
  accessToken: 'old',
  tokenType: 'Bearer',
  issuedAt: 1,
  expiresAt: 100,
  refreshToken: 'R1',
  refreshTokenExpiresAt: 500,
  scope: ['read'],
  idToken: 'id1',
  extras: { instance_url: 'https://a', kept: true },
};
const received = { tokenType: 'Bearer', issuedAt: 50, expiresAt: 150, extras: {} };

describe('mergeTokens', () => {
  it('keeps what the answer leaves out', () => {
    const extras = { instance_url: 'https://b' };
    expect(mergeTokens(previous, { ...received, accessToken: 'new', extras })).toEqual({
      ...previous,
      accessToken: 'new',
      issuedAt: 50,
      expiresAt: 150,
      extras: { instance_url: 'https://b', kept: true },
    });
  });

  it('forgets the end of a refresh token that was replaced', () => {
    const merged = mergeTokens(previous, { ...received, accessToken: 'new', refreshToken: 'R2' });
    expect(merged.refreshToken).toBe('R2');
    expect(merged).not.toHaveProperty('refreshTokenExpiresAt');
  });

  it('keeps the present access token when the answer has none that can be used', () => {
    const merged = mergeTokens(previous, { ...received, refreshToken: 'R2' });
    expect(merged).toMatchObject({ accessToken: 'old', expiresAt: 100, refreshToken: 'R2' });
    expect(mergeTokens(undefined, { ...received, refreshToken: 'R2' })).toMatchObject({
      accessToken: '',
      expiresAt: 50,
    });
  });
});
