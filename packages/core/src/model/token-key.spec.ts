import { canonicalKey, type TokenKey } from './token-key.js';

const of = (key: Partial<TokenKey>): string => canonicalKey({ registrationId: 'a', ...key });

describe('canonicalKey', () => {
  it('is equal for equal keys', () => {
    expect(of({ scope: ['b', 'a', 'b'] })).toBe(of({ scope: ['a', 'b'] }));
    expect(of({ resource: ['y', 'x'] })).toBe(of({ resource: ['x', 'y'] }));
  });

  it('is different whatever differs', () => {
    const keys = [
      of({}),
      of({ registrationId: 'a-' }),
      of({ subject: '' }),
      of({ subject: '-' }),
      of({ subject: 'b' }),
      of({ registrationId: 'a1:b' }),
      of({ scope: [] }),
      of({ scope: ['a', 'b'] }),
      of({ scope: ['a b'] }),
      of({ scope: ['a1:b'] }),
      of({ resource: ['a', 'b'] }),
      of({ scope: ['a'], resource: ['b'] }),
      of({ subject: '2:ab', scope: ['c'] }),
    ];
    expect(new Set(keys).size).toBe(keys.length);
  });
});
