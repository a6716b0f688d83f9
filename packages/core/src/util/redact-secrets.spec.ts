import { redactJwts, redactSecrets } from './redact-secrets.js';

describe('redactSecrets', () => {
  const secret = 'p&w+ é!<x>"=';

  it.each([
    ['raw', secret],
    ['form-encoded', new URLSearchParams({ v: secret }).toString().slice(2)],
    [
      'form-encoded in lower case',
      new URLSearchParams({ v: secret })
        .toString()
        .slice(2)
        .replace(/%../g, (escape) => escape.toLowerCase()),
    ],
    ['percent-encoded', encodeURIComponent(secret)],
    ['base64', Buffer.from(secret).toString('base64')],
    ['base64 without padding', Buffer.from(secret).toString('base64').replace(/=+$/, '')],
    ['base64url', Buffer.from(secret).toString('base64url')],
    ['HTML-escaped', 'p&amp;w+ é!&lt;x&gt;&quot;='],
  ])('takes a secret out that is %s', (_name, text) => {
    expect(redactSecrets(`bad value ${text} given`, [secret])).toBe('bad value [redacted] given');
  });

  it('takes every secret out, each time', () => {
    expect(redactSecrets('alpha beta alpha', ['alpha', 'beta'])).toBe(
      '[redacted] [redacted] [redacted]',
    );
  });

  it('takes the longer of two secrets out where one begins with the other', () => {
    expect(redactSecrets('token-long', ['token', 'token-long'])).toBe('[redacted]');
  });

  it('takes out the beginning of a secret that was cut', () => {
    expect(redactSecrets('bad value canary-se\u2026 (status 400)', ['canary-secret'])).toBe(
      'bad value [redacted]\u2026 (status 400)',
    );
    expect(redactSecrets('canary-s\u2026 and canary\u2026', ['canary-secret'])).toBe(
      '[redacted]\u2026 and [redacted]\u2026',
    );
  });

  it('takes a short secret out only where it stands alone', () => {
    expect(redactSecrets('a cat and a dog: a', ['a'])).toBe(
      '[redacted] cat and [redacted] dog: [redacted]',
    );
  });

  it('leaves a text without secrets as it is', () => {
    expect(redactSecrets('nothing here\u2026', ['secret', ''])).toBe('nothing here\u2026');
  });

  it('does not stumble over half a surrogate pair', () => {
    expect(redactSecrets('x', ['ab\ud800cd'])).toBe('x');
  });
});

describe('redactJwts', () => {
  it('takes out what looks like a JWT, cut ones too', () => {
    expect(redactJwts('token eyJhbGciOiJSUzUxMiJ9.eyJh-_.sig is bad, eyJhbGci')).toBe(
      'token [redacted] is bad, [redacted]',
    );
  });
});
