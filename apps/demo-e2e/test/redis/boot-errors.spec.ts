import { jest } from '@jest/globals';
import { isConfigurationError, Keyring } from '@oauth-token/core';
import {
  RedisTokenStore,
  type RedisTokenStoreOptions,
  RedlockRefreshLock,
} from '@oauth-token/redis';
import { Cluster } from 'ioredis';
import { randomBytes } from 'node:crypto';
import { type RedisProcess, startRedis } from '../../../../tools/redis/index.mjs';
import { waitFor } from '../support/wait-for.js';
import { durationOf, failureOf, RedisBench, START_MS } from './support/redis-bench.js';

let server: RedisProcess;
let guarded: RedisProcess;
let durable: RedisProcess;
let bench: RedisBench;
let cases = 0;

beforeAll(async () => {
  [server, guarded, durable] = await Promise.all([
    startRedis({ config: { maxmemory: '64mb', 'maxmemory-policy': 'allkeys-lru' } }),
    startRedis({ config: { requirepass: 'right-password' } }),
    startRedis({ config: { appendonly: 'yes', 'maxmemory-policy': 'noeviction' } }),
  ]);
}, START_MS);
afterAll(() => Promise.all([server, guarded, durable].map((each) => each.stop())));

beforeEach(async () => {
  cases += 1;
  bench = new RedisBench(`boot-${cases}`);
  await bench.start();
});
afterEach(() => bench.stop());

/** The problems that stop a start, as `path: message`. */
async function problemsOf(work: Promise<unknown> | (() => unknown)): Promise<string[]> {
  const asked = typeof work === 'function' ? Promise.resolve().then(work) : work;
  const error = await failureOf(asked);
  if (!isConfigurationError(error)) throw error;
  return error.problems.map(({ path, message }) => `${path}: ${message}`);
}

const keyOf = (bytes: number): string => `a:${randomBytes(bytes).toString('base64')}`;

describe('the password', () => {
  const urlWith = (credentials: string): string =>
    guarded.url.replace(/\/\/.*@/, `//${credentials}`);

  it.each([
    ['wrong', ':wrong-canary-password@', /WRONGPASS|invalid/],
    ['of an unknown user', 'nobody:wrong-canary-password@', /WRONGPASS|invalid/],
    ['missing', '', /NOAUTH/],
  ])('fault 55: %s: stops the start', async (_, credentials, expected) => {
    const store = bench.store(urlWith(credentials));
    const problems = await problemsOf(store.start());
    expect(problems).toEqual([expect.stringMatching(expected)]);
    expect(problems.join()).not.toContain('canary');
    const manager = bench.manager({ store });
    expect(isConfigurationError(await failureOf(manager.start()))).toBe(true);
  });

  it('right: starts', async () => {
    await bench.store(guarded.url).start();
  });
});

/** What a store sends, by itself and in its scripts. */
const COMMANDS = [
  ...['evalsha', 'eval', 'hgetall', 'hget', 'hset', 'hdel', 'hmget', 'persist', 'pexpire'],
  ...['zadd', 'zrem', 'zrange', 'zrangebyscore', 'zscan', 'publish', 'subscribe', 'time'],
  ...['exists', 'rpush', 'lrange'],
];

describe('rights', () => {
  /** A user who may do all but some things. */
  async function urlOfUser(...rules: readonly string[]): Promise<string> {
    const name = `user-${cases}`;
    await server.cli('ACL', 'SETUSER', name, 'reset', 'on', '>password', ...rules);
    return server.url.replace('//', `//${name}:password@`);
  }

  const fullRights = [
    '~*',
    '&*',
    '-@all',
    '+client',
    '+info',
    '+ping',
    '+hello',
    '+auth',
    '+select',
  ];

  it('to these commands are enough', async () => {
    const url = await urlOfUser(...fullRights, ...COMMANDS.map((command) => `+${command}`));
    const manager = bench.manager({ store: bench.store(url) });
    await manager.start();
    await manager.drain();
    expect(await manager.refresh('acme')).toMatchObject({ outcome: 'refreshed' });
    await manager.list();
    await manager.forget('acme');
    expect(bench.requests()).toEqual(['password 200', 'refresh_token 200']);
  });

  it.each(COMMANDS)(
    'fault 55: without %s the start is stopped, and the command named',
    async (missing) => {
      const rest = COMMANDS.filter((command) => command !== missing);
      const url = await urlOfUser(...fullRights, ...rest.map((command) => `+${command}`));
      // A script that the server knows already needs no right to be sent.
      await server.cli('SCRIPT', 'FLUSH');
      const problems = await problemsOf(bench.store(url).start());
      expect(problems.join().toLowerCase()).toContain(missing);
    },
  );

  it('fault 55: to other keys than ours stop the start', async () => {
    const url = await urlOfUser('~other:*', '&*', '+@all');
    expect((await problemsOf(bench.store(url).start())).join()).toMatch(/NOPERM|key/);
  });

  it('fault 55: to other channels than ours stop the start', async () => {
    const url = await urlOfUser('~*', 'resetchannels', '&other:*', '+@all');
    expect((await problemsOf(bench.store(url).start())).join()).toMatch(/NOPERM|channel/);
  });
});

describe('options', () => {
  const make =
    (options: RedisTokenStoreOptions, clientOptions = {}) =>
    () =>
      new RedisTokenStore(bench.client(server.url, clientOptions), options);
  const keys = Keyring.ephemeral();

  it.each([31, 33, 16, 0])('a key of %i bytes is refused', async (bytes) => {
    const [problem = ''] = await problemsOf(() => Keyring.parse(keyOf(bytes)));
    expect(problem).toMatch(/^TOKEN_KEYS\[0\]: .*32 bytes/);
    const key = randomBytes(bytes);
    const made = await problemsOf(() => new Keyring({ keys: [{ kid: 'a', key }] }));
    expect(made.join()).toMatch(/^keys\[0\]\.key: .*32 bytes/);
    expect(`${problem}${made.join()}`).not.toContain(key.toString('base64') || 'nothing');
  });

  it.each<[string, RedisTokenStoreOptions, object, RegExp]>([
    [
      'keys and insecurePlaintext',
      { keys, insecurePlaintext: true },
      {},
      /^store\.keys: .*exclude/,
    ],
    ['neither of them', {}, {}, /^store\.keys: .*missing/],
    ['a prefix with a brace', { keys, prefix: 'a{b' }, {}, /^store\.prefix: .*braces/],
    ['a prefix with a closing brace', { keys, prefix: 'a}b' }, {}, /^store\.prefix: .*braces/],
    ['an empty prefix', { keys, prefix: '' }, {}, /^store\.prefix: /],
    ['no shards', { keys, shards: 0 }, {}, /^store\.shards: /],
    ['half a shard', { keys, shards: 1.5 }, {}, /^store\.shards: /],
    ['a client with keyPrefix', { keys }, { keyPrefix: 'app:' }, /^store\.redis: .*keyPrefix/],
  ])('%s: refused', async (_, options, clientOptions, expected) => {
    const problems = await problemsOf(make(options, clientOptions));
    expect(problems).toEqual([expect.stringMatching(expected)]);
  });

  it('a Cluster client that reads from replicas: refused', async () => {
    const client = new Cluster([server.url], { scaleReads: 'slave', lazyConnect: true });
    const problems = await problemsOf(() => new RedisTokenStore(client, { keys }));
    expect(problems).toEqual([expect.stringMatching(/^store\.redis: .*scaleReads/)]);
  });

  it('all problems are named at once', async () => {
    const all = make({ prefix: '{', shards: -1 }, { keyPrefix: 'app:' });
    expect(await problemsOf(all)).toHaveLength(4);
  });

  it.each([2, 4])('a lock over %i instances is refused', async (count) => {
    const clients = Array.from({ length: count }, () => bench.client(server.url));
    const problems = await problemsOf(() => new RedlockRefreshLock(clients));
    expect(problems).toEqual([expect.stringMatching(/^lock: has \d Redis instances.*odd/)]);
  });
});

describe('a store that was made with other settings', () => {
  const idKey = randomBytes(32);
  const key = randomBytes(32);
  const keys = new Keyring({ keys: [{ kid: 'a', key }], idKey });

  it.each<[string, RedisTokenStoreOptions, RegExp]>([
    ['another number of shards', { keys, shards: 8 }, /store\.shards/],
    [
      'another key of ids',
      { keys: new Keyring({ keys: [{ kid: 'a', key }], idKey: randomBytes(32) }) },
      /key of ids/,
    ],
    ['no keys', { insecurePlaintext: true }, /key of ids/],
  ])('%s: stops the start', async (_, options, expected) => {
    await bench.store(server.url, { keys }).start();
    const problems = await problemsOf(bench.store(server.url, options).start());
    expect(problems).toEqual([expect.stringMatching(expected)]);
    expect(problems.join()).not.toContain(idKey.toString('base64'));
    // Who comes with the right ones is let in as before.
    await bench.store(server.url, { keys }).start();
  });

  it('another primary key is no other setting', async () => {
    await bench.store(server.url, { keys }).start();
    const rotated = new Keyring({
      keys: [
        { kid: 'b', key: randomBytes(32) },
        { kid: 'a', key },
      ],
      idKey,
    });
    await bench.store(server.url, { keys: rotated }).start();
  });

  it('of many that make it at one time all agree on one', async () => {
    const stores = Array.from({ length: 6 }, (_, index) =>
      bench.store(server.url, { keys, shards: index % 2 === 0 ? 16 : 8 }),
    );
    const results = await Promise.allSettled(stores.map((store) => store.start()));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
  });
});

describe('a server that cannot be reached', () => {
  it.each([
    ['nobody listens', 'redis://127.0.0.1:1'],
    ['an unknown name', 'redis://redis.invalid:6379'],
  ])('%s: the start goes on, with a warning', async (_, url) => {
    const store = bench.store(url);
    const manager = bench.manager({ store });
    expect(await durationOf(manager.start())).toBeLessThan(3_000);
    await manager.start();
    expect(bench.warnings.join('\n')).toMatch(/as soon as it can be reached/);
    expect(bench.requests()).toEqual([]);
  });

  it('is checked when it comes: settings are written, and other ones are told', async () => {
    const keys = Keyring.ephemeral();
    await durable.kill('SIGTERM');
    const [first, second] = [{ keys }, { keys, shards: 8 }].map((options) =>
      bench.store(durable.url, options),
    ) as [RedisTokenStore, RedisTokenStore];
    await Promise.all([first.start(), second.start()]);
    await durable.restart();
    const key = { registrationId: 'acme' };
    await waitFor('the first to be there', 5_000, () =>
      first.read(key).then(
        () => true,
        () => false,
      ),
    );
    expect(await durable.cli('EXISTS', `${bench.prefix}:settings`)).toBe(1);
    expect((await problemsOf(second.read(key))).join()).toMatch(/store\.shards/);
  });
});

describe('warnings of what a server may lose', () => {
  it('fault 52: eviction, no append-only file, no replica', async () => {
    await bench.store(server.url).start();
    expect(bench.warnings).toEqual([
      expect.stringMatching(/allkeys-lru.*noeviction/),
      expect.stringMatching(/append-only/),
      expect.stringMatching(/replica/),
    ]);
  });

  it('only what is so', async () => {
    await bench.store(durable.url).start();
    expect(bench.warnings).toEqual([expect.stringMatching(/replica/)]);
  });

  it('are warnings of the process unless somebody takes them', async () => {
    const told = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    bench.onStop(() => {
      told.mockRestore();
    });
    const client = bench.client(server.url);
    const store = new RedisTokenStore(client, { keys: bench.keys, prefix: bench.prefix });
    bench.onStop(() => store.close());
    await store.start();
    const marked = { code: 'OAUTH_TOKEN_REDIS' };
    expect(told.mock.calls).toEqual(
      ['allkeys-lru', 'append-only', 'replica'].map((what) => [
        expect.stringContaining(what) as string,
        marked,
      ]),
    );
  });
});
