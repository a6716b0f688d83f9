import { type GivenHeaders, hasAuthorization, withCredentials } from './request-headers.js';

const bearer = { authorization: 'Bearer t' };

describe('hasAuthorization', () => {
  it.each<[string, GivenHeaders, boolean]>([
    ['nothing', undefined, false],
    ['null', null, false],
    ['an object', { Authorization: 'x' }, true],
    ['an object with an empty one', { authorization: '' }, false],
    ['an object with others', { 'x-authorization': 'x', authorizatioN2: 'x' }, false],
    ['Headers', new Headers({ authorization: 'x' }), true],
    ['other Headers', new Headers({ a: 'x' }), false],
    ['pairs', [['AUTHORIZATION', 'x']], true],
    ['a flat list', ['a', 'b', 'Authorization', 'x'], true],
    ['a flat list with it as a value', ['a', 'authorization'], false],
    ['a flat list of buffers', [Buffer.from('Authorization'), Buffer.from('x')], true],
    ['a map', new Map([['authorization', 'x']]), true],
    ['an empty list', [], false],
  ])('%s', (_name, headers, has) => {
    expect(hasAuthorization(headers)).toBe(has);
  });
});

describe('withCredentials', () => {
  it.each<[string, GivenHeaders, unknown]>([
    ['nothing', undefined, bearer],
    ['an object', { a: '1', Authorization: '' }, { a: '1', ...bearer }],
    ['Headers', new Headers({ a: '1' }), [['a', '1'], ...Object.entries(bearer)]],
    [
      'pairs',
      [
        ['a', '1'],
        ['Authorization', ''],
      ],
      [['a', '1'], ...Object.entries(bearer)],
    ],
    [
      'a flat list',
      ['a', '1', 'b', ['2', '3']],
      [['a', '1'], ['b', ['2', '3']], ...Object.entries(bearer)],
    ],
  ])('into %s', (_name, headers, result) => {
    expect(withCredentials(headers, bearer)).toEqual(result);
  });

  it('leaves what was given as it was', () => {
    const headers = { a: '1' };
    withCredentials(headers, bearer);
    expect(headers).toEqual({ a: '1' });
    expect(withCredentials(undefined, bearer)).not.toBe(bearer);
  });
});
