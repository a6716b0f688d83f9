import fc from 'fast-check';

/** The one place where the bearer may go. */
export const API = 'https://api.example.com';

const HOSTS = [
  'api.example.com',
  'API.EXAMPLE.COM',
  'ａｐｉ.example.com',
  'api。example。com',
  'api.example.com.',
  'api%2eexample.com',
  'api.exa\tmple.com',
  'api.example.com.stranger.example',
  'sub.api.example.com',
  'example.com',
  'api-example.com',
  'api.exаmple.com',
  'xn--pi-6kc.example.com',
  'bücher.example',
  'stranger.example',
  'localhost',
  '127.0.0.1',
  '2130706433',
  '0x7f.1',
  '[::1]',
  '[::ffff:127.0.0.1]',
  '169.254.169.254',
  '',
];

const part = (...values: string[]): fc.Arbitrary<string> => fc.constantFrom(...values);

const scheme = part(
  'https',
  'https',
  'https',
  'http',
  'HTTPS',
  'hTTp',
  'ftp',
  'ws',
  'data',
  'blob:https',
  '',
);
const separator = part(
  '://',
  '://',
  '://',
  '://',
  ':',
  ':/',
  ':///',
  ':\\\\',
  '://\t',
  '//',
  '/\\',
  '',
);
const user = part(
  '',
  '',
  '',
  'user@',
  'user:pass@',
  'api.example.com@',
  'api.example.com:443@',
  'https%3A%2F%2Fapi.example.com@',
  '@@',
  'api.example.com\\@',
  'api.example.com#@',
  'api.example.com?@',
  'api.example.com/@',
);
const port = part(
  '',
  '',
  '',
  ':443',
  ':80',
  ':8443',
  ':0443',
  ':',
  ':65536',
  ':443@stranger.example',
);
const path = part(
  '',
  '/',
  '/v1/items?a=1',
  '//stranger.example/x',
  '/\\stranger.example',
  '/..//stranger.example',
  '\\@stranger.example/',
  '@stranger.example/',
  '?@stranger.example/',
  '#@stranger.example/',
  '/@stranger.example:443/',
  '/%2f%2fstranger.example',
  '/https://stranger.example/',
  '.stranger.example/',
);

/** URLs that look like the API's and are not, that do not and are, and whatever lies between; the same ones each time. */
export function hostileUrls(count: number): string[] {
  const url = fc
    .tuple(scheme, separator, user, part(...HOSTS), port, path)
    .map((parts) => parts.join(''));
  return fc.sample(url, { numRuns: count, seed: 9_700 });
}
