import { Cluster, type ClusterNode, Redis, type RedisOptions } from 'ioredis';
import { identityOf } from './store-identity.js';

type Settings = Pick<RedisOptions, 'host' | 'port' | 'db' | 'name' | 'sentinels' | 'path'>;

const lazy = { lazyConnect: true };

const ofServer = (options: Settings): string =>
  identityOf(new Redis({ ...options, ...lazy }), 'otm');

const ofCluster = (...nodes: ClusterNode[]): string => identityOf(new Cluster(nodes, lazy), 'otm');

describe('the identity of a store', () => {
  it.each<[string, Settings, string]>([
    ['address and database', { host: 'redis.example', port: 6380, db: 2 }, 'redis.example:6380/2'],
    ['what ioredis adds', {}, 'localhost:6379/0'],
    [
      'the name of a Sentinel set',
      { name: 'tokens', sentinels: [{ host: 'a' }] },
      'sentinel tokens/0',
    ],
    ['the path of a socket', { path: '/run/redis.sock', db: 1 }, '/run/redis.sock/1'],
  ])('has %s', (_name, options, expected) => {
    expect(ofServer(options)).toBe(`otm at ${expected}`);
  });

  it('tells prefixes and databases apart', () => {
    const client = new Redis('redis://h:1/3', lazy);
    expect(identityOf(client, 'a')).not.toBe(identityOf(client, 'b'));
    expect(identityOf(client, 'a')).not.toBe(identityOf(new Redis('redis://h:1/4', lazy), 'a'));
  });

  it('is that of the nodes of a Cluster, in whichever order and form they are given', () => {
    const expected = 'otm at 127.0.0.1:7001,a.example:7002,b.example:6379';
    expect(ofCluster({ host: 'a.example', port: 7002 }, 'b.example', 7001)).toBe(expected);
    expect(ofCluster('7001', 'rediss://b.example', 'redis://a.example:7002')).toBe(expected);
  });

  it('holds no credentials', () => {
    const secret = 'canary-secret';
    const single = new Redis(`redis://canary-user:${secret}@h:1`, lazy);
    const cluster = ofCluster(
      { host: 'a', port: 1, ...{ password: secret } },
      `redis://canary-user:${secret}@b:2`,
      `//canary-user:${secret}@c:3`,
    );
    expect(identityOf(single, 'otm')).toBe('otm at h:1/0');
    expect(ofCluster(`redis://canary-user:${secret}@d:not-a-port`)).toBe('otm at 127.0.0.1:6379');
    expect(cluster).toBe('otm at a:1,b:2,c:3');
  });
});
