import { EMPTY_RECORD } from '@oauth-token/core';
import { decodeMeta, encodeMeta, type PlainState } from './meta-codec.js';

const plain = (changes: Partial<PlainState> = {}): PlainState => ({
  ...EMPTY_RECORD,
  version: 3,
  epoch: 'e1',
  status: 'active',
  siblings: [],
  ...changes,
});

const answers = Array.from({ length: 16 }, (_, index) => ({
  intentId: `intent-${index}-abcdef`,
  answer: index % 2 === 0 ? 'committed' : 'settled',
}));

describe('the state of a record', () => {
  it.each([
    ['short', plain()],
    ['never due', plain({ facts: { issuedAt: 1, expiresAt: 2, dueAt: Infinity } })],
    [
      'with a history',
      plain({ answers, spentFingerprints: ['f1', 'f2'], seedFingerprints: ['s'] }),
    ],
  ])('comes back as it was: %s', (_name, state) => {
    expect(decodeMeta(encodeMeta(state))).toEqual(state);
  });

  it('is deflated when it has grown long', () => {
    const long = encodeMeta(plain({ answers }));
    expect(long.length).toBeLessThan(0.6 * JSON.stringify(plain({ answers })).length);
  });

  it.each([
    ['nothing', undefined],
    ['other text', Buffer.from('hello')],
    ['another format', Buffer.from('{"format":2,"version":1,"answers":"","spent":""}')],
    ['a bent deflation', Buffer.concat([Buffer.from('z'), Buffer.from('hello')])],
  ])('is not read from %s', (_name, bytes) => {
    expect(decodeMeta(bytes)).toBeUndefined();
  });
});
