import { asksForMoreThanToken, challengeErrors } from './challenge.js';

describe('challengeErrors', () => {
  it.each<[string | undefined, string[]]>([
    [undefined, []],
    ['', []],
    ['Bearer', []],
    ['Bearer error="invalid_token"', ['invalid_token']],
    ['Bearer realm="a", error=invalid_token', ['invalid_token']],
    ['bearer ERROR = "Invalid_Token" , scope="a b"', ['invalid_token']],
    ['Basic realm="x", Bearer error="insufficient_scope", scope="a"', ['insufficient_scope']],
    ['Bearer error="a", DPoP error="b"', ['a', 'b']],
    ['Bearer error_description="error=insufficient_scope"', []],
    ['Bearer realm="a\\"error=\\"b", error="c"', ['c']],
    ['Bearer x-error="a"', []],
    // What is malformed is read as far as it goes.
    ['Bearer error="insufficient_scope', ['insufficient_scope']],
    ['Bearer realm="open, error=a', []],
    ['error', []],
    ['Bearer error=', []],
    ['Bearer ====,,,""""\\', []],
    ['\u0000\u00ff', []],
  ])('%s', (header, errors) => {
    expect(challengeErrors(header)).toEqual(errors);
  });

  it.each(['a'.repeat(1e6), 'error '.repeat(2e5), '"\\'.repeat(3e5), `error${' '.repeat(1e6)}`])(
    'takes no time over a long one',
    (header) => {
      const start = performance.now();
      challengeErrors(header);
      expect(performance.now() - start).toBeLessThan(200);
    },
  );
});

describe('asksForMoreThanToken', () => {
  it.each<[string | undefined, boolean]>([
    [undefined, false],
    ['Bearer', false],
    ['Bearer error="invalid_token"', false],
    ['Bearer error="insufficient_scope"', true],
    ['Bearer error="insufficient_user_authentication", acr_values="mfa"', true],
    ['Bearer error="invalid_token", DPoP error="insufficient_scope"', false],
  ])('%s -> %s', (header, more) => {
    expect(asksForMoreThanToken(header)).toBe(more);
  });
});
