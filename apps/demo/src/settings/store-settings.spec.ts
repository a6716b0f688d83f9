import { inspect } from 'node:util';
import { readStoreSettings, serverOf } from './store-settings.js';

const KEY = Buffer.alloc(32, 7).toString('base64');
const SEALED = { TOKEN_KEYS: `new:${KEY},old:${KEY}` };

const pathsOf = (environment: Record<string, string>): string[] =>
  readStoreSettings(environment).problems.map(({ path }) => path);

describe('readStoreSettings', () => {
  it('keeps tokens in memory without a REDIS_URL, whatever else is set', () => {
    expect(readStoreSettings({ TOKEN_KEYS: 'rubbish', KEY_PREFIX: '{}' })).toEqual({
      problems: [],
    });
  });

  it.each([
    'redis://127.0.0.1',
    'redis://127.0.0.1:6380/3',
    'rediss://user:p%2Css@redis.example.com:6379',
    'redis://:secret@[::1]:6379/0?family=6',
    'redis://a, rediss://b:1 ,redis://a:1',
  ])('takes %s', (url) => {
    const { store, problems } = readStoreSettings({ REDIS_URL: url, ...SEALED });
    expect(problems).toEqual([]);
    expect(store?.urls).toEqual(url.split(',').map((one) => one.trim()));
    expect(store?.keys?.primaryKid).toBe('new');
  });

  it('leaves tokens readable only when told to', () => {
    const { store } = readStoreSettings({ REDIS_URL: 'redis://a', INSECURE_PLAINTEXT: 'true' });
    expect(store).toEqual({ urls: ['redis://a'] });
    expect(pathsOf({ REDIS_URL: 'redis://a' })).toEqual(['TOKEN_KEYS']);
    expect(pathsOf({ REDIS_URL: 'redis://a', INSECURE_PLAINTEXT: 'false' })).toEqual([
      'TOKEN_KEYS',
    ]);
    expect(pathsOf({ REDIS_URL: 'redis://a', INSECURE_PLAINTEXT: 'true', ...SEALED })).toEqual([
      'TOKEN_KEYS',
    ]);
  });

  it('gives ids a key of their own where there is one', () => {
    const idsOf = (more: Record<string, string>): string | undefined =>
      readStoreSettings({ REDIS_URL: 'redis://a', ...SEALED, ...more }).store?.keys?.idHmac('x');
    const own = Buffer.alloc(32, 9).toString('base64');
    expect(idsOf({ TOKEN_ID_KEY: own })).toBeDefined();
    expect(idsOf({ TOKEN_ID_KEY: own })).not.toBe(idsOf({}));
  });

  it.each([
    'nowhere',
    'http://127.0.0.1',
    'redis:127.0.0.1',
    'redis://',
    'redis://127.0.0.1:99999',
    'redis://127.0.0.1/tokens',
    'redis://:100%@127.0.0.1',
    'redis://127.0.0.1?keyPrefix=x',
    'redis://127.0.0.1#x',
  ])('refuses %s', (url) => {
    expect(pathsOf({ REDIS_URL: url, ...SEALED })).toEqual(['REDIS_URL']);
  });

  it.each<[Record<string, string>, string[]]>([
    [{ REDIS_URL: 'redis://a,redis://b' }, ['REDIS_URL']],
    [{ REDIS_URL: 'redis://a,redis://b,redis://c,redis://d' }, ['REDIS_URL']],
    [{ REDIS_URL: 'redis://a,redis://b,redis://a:6379' }, ['REDIS_URL']],
    [{ REDIS_URL: 'redis://a,redis://b,nowhere' }, ['REDIS_URL[2]']],
    [{ REDIS_URL: 'redis://a,' }, ['REDIS_URL[1]', 'REDIS_URL']],
    [{ KEY_PREFIX: 'a{b}' }, ['KEY_PREFIX']],
    [{ KEY_PREFIX: 'a b' }, ['KEY_PREFIX']],
    [{ TOKEN_KEYS: 'short:abcd' }, ['TOKEN_KEYS[0]']],
    [{ TOKEN_KEYS: `a:${KEY},b` }, ['TOKEN_KEYS[1]']],
    [{ TOKEN_KEYS: 'a:b', TOKEN_ID_KEY: 'c' }, ['TOKEN_KEYS[0]', 'TOKEN_ID_KEY']],
    [{ TOKEN_KEYS: `a:${KEY}`, TOKEN_ID_KEY: 'c' }, ['TOKEN_ID_KEY']],
    [
      { REDIS_URL: 'x', TOKEN_KEYS: 'x', TOKEN_ID_KEY: 'x', KEY_PREFIX: '{' },
      ['REDIS_URL', 'TOKEN_KEYS[0]', 'TOKEN_ID_KEY', 'KEY_PREFIX'],
    ],
  ])('names everything that is wrong with %j at once', (environment, paths) => {
    const reading = readStoreSettings({ REDIS_URL: 'redis://a', ...SEALED, ...environment });
    expect(reading.problems.map(({ path }) => path)).toEqual(paths);
    expect(reading).not.toHaveProperty('store');
  });

  it('repeats no secret in a problem', () => {
    const secret = 'canary-5e77195a01';
    const environment = {
      REDIS_URL: `redis://:${secret}@127.0.0.1/x,http://u:${secret}@h`,
      TOKEN_KEYS: `k:${secret}`,
      TOKEN_ID_KEY: secret,
    };
    const { problems } = readStoreSettings(environment);
    expect(problems).toHaveLength(5);
    expect(inspect(problems, { depth: 10 })).not.toContain('canary-');
  });

  it('tells a server without its credentials', () => {
    expect(serverOf('redis://user:secret@redis.example.com/3')).toBe('redis.example.com:6379');
  });
});
