import { type Hop, nextHop } from './fetch-redirects.js';

const hop = (method: string, url = 'https://a.example/x'): Hop => ({
  url: new URL(url),
  method,
  headers: new Headers({
    authorization: 'mine',
    cookie: 'c=1',
    'content-type': 'text/plain',
    'x-mine': 'mine',
  }),
  hasBody: method !== 'GET' && method !== 'HEAD',
});

describe('nextHop', () => {
  it.each<[number, string, string]>([
    [301, 'POST', 'GET'],
    [302, 'POST', 'GET'],
    [303, 'POST', 'GET'],
    [307, 'POST', 'POST'],
    [308, 'POST', 'POST'],
    [301, 'PUT', 'PUT'],
    [302, 'DELETE', 'DELETE'],
    [303, 'PUT', 'GET'],
    [303, 'HEAD', 'HEAD'],
    [301, 'GET', 'GET'],
  ])('%i after %s is %s', (status, method, next) => {
    const found = nextHop(hop(method), status, '/y');
    expect(found).toMatchObject({ method: next, hasBody: !['GET', 'HEAD'].includes(next) });
    expect(found?.url.href).toBe('https://a.example/y');
    const dropped = next !== method;
    expect(found?.headers.get('content-type')).toBe(dropped ? null : 'text/plain');
    expect(found?.headers.get('authorization')).toBe('mine');
  });

  it('drops what is for one origin only, and keeps the rest', () => {
    const found = nextHop(hop('GET'), 302, 'https://b.example/');
    expect(Object.fromEntries(found?.headers ?? [])).toEqual({
      'content-type': 'text/plain',
      'x-mine': 'mine',
    });
  });

  it('leaves the hop before as it was', () => {
    const before = hop('POST');
    nextHop(before, 303, 'https://b.example/');
    expect(before.headers.get('cookie')).toBe('c=1');
  });

  it.each([
    ['y?b#c', 'https://a.example/y?b#c'],
    ['', 'https://a.example/x?q#part'],
    ['?r', 'https://a.example/x?r#part'],
    ['//b.example', 'https://b.example/#part'],
    ['https://user:secret@b.example/z', 'https://b.example/z#part'],
  ])('resolves %j', (location, href) => {
    const from = hop('GET', 'https://a.example/x?q#part');
    expect(nextHop(from, 302, location)?.url.href).toBe(href);
  });

  it.each([200, 300, 304, 400])('%i leads nowhere', (status) => {
    expect(nextHop(hop('GET'), status, '/y')).toBeUndefined();
    expect(nextHop(hop('GET'), 302, null)).toBeUndefined();
  });

  it.each(['http://', 'ftp://b.example/', 'data:text/plain,x', 'javascript:1'])(
    'refuses %s as fetch does',
    (location) => {
      expect(() => nextHop(hop('GET'), 302, location)).toThrow(TypeError);
    },
  );
});
