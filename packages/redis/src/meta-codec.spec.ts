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

const facts = { issuedAt: 1, expiresAt: 2, dueAt: 3, refreshFingerprint: 'f0' };

const answers = Array.from({ length: 16 }, (_, index) => ({
  intentId: `intent-${String(index).padStart(2, '0')}`,
  answer: 'committed',
}));

/** Every member that a state can have. */
const full: Required<PlainState> = {
  version: 7,
  epoch: 'e2',
  status: 'reauthorizationRequired',
  facts: { ...facts, refreshTokenExpiresAt: 4 },
  keepFresh: true,
  scheduledAt: 5,
  seedFingerprints: ['s1'],
  deadFingerprint: 'f1',
  refusedGrant: 'g1',
  spentFingerprints: ['f2', 'f3'],
  siblings: [{ intentId: 'i1', facts }],
  intent: {
    intentId: 'i2',
    owner: 'host/1/a',
    kind: 'login',
    fingerprint: 'f4',
    since: 6,
    leaseUntil: 7,
    takeoverAt: 8,
    ambiguous: true,
  },
  backoff: { until: 9, attempt: 2, settings: 'x' },
  failure: { outcome: 'transient', code: 'c', message: 'm', since: 10, nextTryAt: 11 },
  lastRenewal: { at: 12, outcome: 'refreshed', reason: 'due' },
  usedAt: 13,
  tombstoneUntil: 14,
  restUntil: 15,
  endedEpochs: ['e0', 'e1'],
  answers,
};

describe('the state of a record', () => {
  it.each([
    ['short', plain()],
    ['with everything', full],
    ['never due', plain({ facts: { ...facts, dueAt: Infinity } })],
    [
      'a sibling that is never due',
      plain({ siblings: [{ intentId: 'i', facts: { ...facts, dueAt: Infinity } }] }),
    ],
    ['with a history', plain({ answers, spentFingerprints: ['f1', 'f2'] })],
    ['with ids of unlike lengths', plain({ spentFingerprints: ['f1', 'f22', 'f333'] })],
    ['with empty ids', plain({ spentFingerprints: ['', ''] })],
    [
      'with unlike answers',
      plain({ answers: [...answers, { intentId: 'other', answer: 'settled' }] }),
    ],
  ])('comes back as it was: %s', (_name, state) => {
    expect(decodeMeta(encodeMeta(state))).toEqual(state);
  });

  it('keeps a long history short', () => {
    const history = encodeMeta(plain({ answers })).length - encodeMeta(plain()).length;
    expect(history).toBeLessThan(0.3 * JSON.stringify(answers).length);
  });

  it.each([
    ['nothing', undefined],
    ['other text', 'hello'],
    ['no object', 'null'],
    ['another format', '{"format":2,"version":1,"asked":[],"answered":"","spent":[]}'],
    ['half a state', '{"format":1,"version":1}'],
  ])('is not read from %s', (_name, text) => {
    expect(decodeMeta(text)).toBeUndefined();
  });
});
