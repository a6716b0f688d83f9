import { decideAnswer, decideRequest, decideResend } from './call-policy.js';

it.each([
  [false, false, 'attach'],
  [true, false, 'pass'],
  [false, true, 'pass'],
])(
  'a request opted out (%s) or with its own credentials (%s): %s',
  (optedOut, ownCredentials, decision) => {
    expect(decideRequest({ optedOut, ownCredentials })).toBe(decision);
  },
);

describe('an answer', () => {
  const facts = {
    answer: { status: 401, headers: {} as Record<string, string> },
    rejected: true,
    toldByBody: false,
    bearerSent: true,
    resent: false,
  };

  it.each([
    ['that refuses', {}, 'renew'],
    ['that does not', { rejected: false }, 'return'],
    ['whose body tells', { rejected: false, toldByBody: true }, 'body'],
    ['of a place that saw no bearer', { bearerSent: false }, 'return'],
    ['to a resend', { resent: true }, 'return'],
    [
      'to a resend, whose body tells',
      { resent: true, rejected: false, toldByBody: true },
      'return',
    ],
  ])('%s', (_name, more, decision) => {
    expect(decideAnswer({ ...facts, ...more })).toBe(decision);
  });

  it("that asks for more than another token is the caller's", () => {
    const headers = { 'www-authenticate': 'Bearer error="insufficient_scope"' };
    expect(decideAnswer({ ...facts, answer: { status: 401, headers } })).toBe('return');
  });

  it('is not asked for its headers when it refuses nothing', () => {
    const answer = {
      status: 200,
      get headers(): never {
        throw new Error('asked');
      },
    };
    expect(decideAnswer({ ...facts, answer, rejected: false })).toBe('return');
  });
});

it.each([
  [true, true, false, 'resend'],
  [false, true, false, 'surface'],
  [true, false, false, 'surface'],
  [true, true, true, 'surface'],
])('replayable %s, retry %s, same token %s: %s', (replayable, retry, sameToken, decision) => {
  expect(decideResend({ replayable, retry, sameToken })).toBe(decision);
});
