import { allowedOriginProblem, describeOrigin, isOriginAllowed } from './origin-gate.js';

describe('allowed origins', () => {
  it.each([
    ['https://api.example.com', 'https://api.example.com'],
    ['https://API.Example.com/', 'https://api.example.com'],
    ['https://api.example.com:443', 'https://api.example.com'],
    ['https://api.example.com:8443', 'https://api.example.com:8443'],
    ['https://bücher.example', 'https://xn--bcher-kva.example'],
    ['http://localhost:3000', 'http://localhost:3000'],
    ['http://127.0.0.1:3000', 'http://127.0.0.1:3000'],
    ['http://[::1]:3000', 'http://[::1]:3000'],
  ])('takes %s as %s', (written, origin) => {
    expect(allowedOriginProblem(written)).toBeUndefined();
    expect(isOriginAllowed(new URL(`${origin}/a`), [written])).toBe(true);
  });

  it.each([
    ['https://user:secret@api.example.com', 'path prefix'],
    ['https://api.example.com/v1?', 'path prefix'],
    ['https://api.example.com/v1%2fb', 'path prefix'],
    ['https://api.example.com/v1;a', 'path prefix'],
    ['https://api.example.com/v1//b', 'path prefix'],
    ['https://api.example.com/?', 'path prefix'],
    ['https://api.example.com?tenant=1', 'path prefix'],
    ['https://api.example.com#top', 'path prefix'],
    ['http://api.example.com', 'https'],
    ['http://127.0.0.1.example.com', 'https'],
    ['ftp://api.example.com', 'https'],
    ['https://*.example.com', 'wildcard'],
    ['api.example.com', 'not an origin'],
    ['', 'not an origin'],
    [undefined, 'not an origin'],
    [42, 'not an origin'],
  ])('refuses %s (%s)', (written, hint) => {
    expect(allowedOriginProblem(written)).toContain(hint);
  });

  it('does not repeat a password that was written into an origin', () => {
    expect(allowedOriginProblem('https://user:secret@api.example.com')).not.toContain('secret');
  });
});

describe('isOriginAllowed', () => {
  const origins = ['https://API.example.com:443/', 'http://127.0.0.1:3000'];

  it.each([
    ['https://api.example.com/a?b=c', true],
    ['https://api.example.com:443/', true],
    ['https://user@api.example.com/', true],
    ['http://127.0.0.1:3000/', true],
    ['http://2130706433:3000/', true],
    ['http://api.example.com/', false],
    ['https://api.example.com:8443/', false],
    ['https://api.example.com@evil.example/', false],
    ['https://api.example.com.evil.example/', false],
    ['https://sub.api.example.com/', false],
    ['http://127.0.0.1:3001/', false],
    ['blob:https://api.example.com/1', false],
    ['data:text/plain,x', false],
  ])('%s -> %s', (href, allowed) => {
    expect(isOriginAllowed(new URL(href), origins)).toBe(allowed);
  });

  it.each([
    ['/v1', true],
    ['/v1/', true],
    ['/v1/items?a=/../../b', true],
    ['/v1/../v1/items', true],
    ['/v1/a%20b..c', true],
    ['/', false],
    ['/v1x', false],
    ['/V1/items', false],
    ['/v2/items', false],
    ['/v1/../v2/items', false],
    ['/v1/%2e%2E/v2', false],
    ['/v1\\..\\..\\v2', false],
    ['/v1/..%2fv2', false],
    ['/v1/%2e%2e%2Fv2', false],
    ['/v1/%252e%252e%252fv2', false],
    ['/v1/..%5cv2', false],
    ['/v1/..;/v2', false],
    ['//v1/items', false],
  ])('below a path: %s -> %s', (path, allowed) => {
    const url = new URL(`https://api.example.com${path}`);
    for (const prefix of ['/v1', '/v1/']) {
      expect(isOriginAllowed(url, [`https://api.example.com${prefix}`])).toBe(allowed);
    }
  });

  it('allows nothing through an entry that is no origin', () => {
    const url = new URL('http://api.example.com/');
    expect(isOriginAllowed(url, ['http://api.example.com', 'nonsense'])).toBe(false);
  });

  it('names origins and their absence', () => {
    expect(describeOrigin(new URL('https://a.example/b?c'))).toBe('https://a.example');
    expect(describeOrigin(new URL('about:invalid'))).toBe('a URL without an origin');
  });
});
