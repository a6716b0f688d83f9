import { randomBytes } from 'node:crypto';
import { type RedisProcess, startRedis } from '../../../../tools/redis/index.mjs';
import { waitFor } from '../support/wait-for.js';
import { buildDemo, NodeProcess, request } from './fleet.js';

const START_MS = 240_000;
const LIMIT_MS = 30_000;
const PASSWORD = 'canary-0f7ed15000aa';

const keyring = (): string => `k1:${randomBytes(32).toString('base64')}`;

interface Health {
  readonly status: string;
  readonly details: { readonly oauthToken: { readonly store: string } };
}

describe('a replica that is told of a Redis', () => {
  const processes: NodeProcess[] = [];
  let redis: RedisProcess;
  let url: string;

  beforeAll(async () => {
    const built = await buildDemo();
    if (!built.ok) throw new Error(built.output);
    redis = await startRedis({ config: { requirepass: PASSWORD } });
    url = redis.url;
  }, START_MS);
  afterEach(async () => {
    for (const process of processes.splice(0)) await process.stop();
  }, LIMIT_MS);
  afterAll(() => redis.stop());

  const start = (environment: Record<string, string>): NodeProcess => {
    const anyPorts = { PORT: '0', TCP_PORT: '0', SANDBOX_URL: 'http://127.0.0.1:9' };
    const process = new NodeProcess('apps/demo/dist/main.js', { ...anyPorts, ...environment });
    processes.push(process);
    return process;
  };

  const urlOf = (process: NodeProcess): Promise<string> =>
    process.printed(/HTTP on (http:[^:]+:\d+)/, LIMIT_MS);

  /** Has it fail; answers what it said, one problem per line. */
  const failureOf = async (environment: Record<string, string>): Promise<string[]> => {
    const process = start(environment);
    expect(await process.ended).toBe(1);
    expect(process.output).not.toMatch(/^\s+at |node_modules|canary-/m);
    return process.output
      .split('\n')
      .filter((line) => line.startsWith('  '))
      .map((line) => line.trim());
  };

  const asUser = (credentials: string): string => url.replace(/\/\/.*@/, `//${credentials}@`);

  it(
    'names every wrong setting before it connects',
    async () => {
      const problems = await failureOf({
        REDIS_URL: `${url},nowhere`,
        TOKEN_KEYS: 'k1:c2hvcnQ=',
        KEY_PREFIX: '{x}',
        PORT: 'x',
      });
      expect(problems.map((line) => line.split(':')[0])).toEqual([
        'PORT',
        'REDIS_URL[1]',
        'REDIS_URL',
        'TOKEN_KEYS[0]',
        'KEY_PREFIX',
      ]);
    },
    LIMIT_MS,
  );

  it.each([
    ['a wrong password', ':canary-wrong', /^REDIS_URL: 127.0.0.1:\d+ refuses us: WRONGPASS/],
    ['no password', '', /^REDIS_URL: 127.0.0.1:\d+ refuses us: NOAUTH/],
    ['a missing right', 'few:canary-few', /^store: Redis refuses EVAL(SHA)?: NOPERM/],
  ])(
    'does not start with %s',
    async (_, credentials, message) => {
      await redis.cli(
        ...[
          'ACL',
          'SETUSER',
          'few',
          'reset',
          'on',
          '>canary-few',
          '~*',
          '&*',
          '+@all',
          '-@scripting',
        ],
      );
      const problems = await failureOf({ REDIS_URL: asUser(credentials), TOKEN_KEYS: keyring() });
      expect(problems).toEqual([expect.stringMatching(message)]);
    },
    LIMIT_MS,
  );

  it(
    'names every instance of the lock that refuses it',
    async () => {
      const second = await startRedis({ config: { requirepass: 'another' } });
      try {
        const problems = await failureOf({
          REDIS_URL: `${url},${second.url.replace('another', 'canary-wrong')},redis://127.0.0.1:1`,
          TOKEN_KEYS: keyring(),
        });
        expect(problems).toEqual([expect.stringMatching(/^REDIS_URL\[1\]: .*WRONGPASS/)]);
      } finally {
        await second.stop();
      }
    },
    LIMIT_MS,
  );

  it(
    'does not start over a store that was made with another key of ids',
    async () => {
      const KEY_PREFIX = 'ids';
      const first = start({ REDIS_URL: url, TOKEN_KEYS: keyring(), KEY_PREFIX });
      await urlOf(first);
      expect(first.output).toMatch(/Tokens in Redis on 127.0.0.1:\d+, sealed with key k1/);
      const problems = await failureOf({ REDIS_URL: url, TOKEN_KEYS: keyring(), KEY_PREFIX });
      expect(problems).toEqual([expect.stringMatching(/^store: the key of ids/)]);
    },
    LIMIT_MS,
  );

  it(
    'starts while Redis is away, says so, and finds it when it is back',
    async () => {
      const away = await startRedis();
      await away.kill();
      try {
        const process = start({
          REDIS_URL: away.url,
          TOKEN_KEYS: keyring(),
          SPILL_DIR: '/dev/null',
        });
        const health = `${await urlOf(process)}/health`;
        const stateOf = async (): Promise<string> => {
          const { status, body } = await request<Health>('GET', health);
          return `${status} ${body.details.oauthToken.store}`;
        };
        expect(await stateOf()).toBe('200 away');
        const lines = process.output.match(/is away \(ECONNREFUSED\)/g) ?? [];
        expect(lines).toHaveLength(1);
        expect(process.output).toMatch(/journal.*\/dev\/null/);
        await away.restart();
        // The sandbox is not there: without its tokens the replica is down, and its store is not.
        await waitFor('the store', 10_000, async () => (await stateOf()).endsWith(' up'));
        expect(process.output).toMatch(/is back/);
        expect(process.output.match(/is away/g)).toHaveLength(1);
        expect(process.output).not.toMatch(/Unhandled|ioredis/);
        expect([0, 'SIGTERM']).toContain(await process.stop());
      } finally {
        await away.stop();
      }
    },
    LIMIT_MS,
  );
});
