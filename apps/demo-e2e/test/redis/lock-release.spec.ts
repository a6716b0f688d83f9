import { type RedisProcess, startRedis } from '../../../../tools/redis/index.mjs';
import { RedisBench, START_MS } from './support/redis-bench.js';

let server: RedisProcess;
let bench: RedisBench;

beforeAll(async () => {
  server = await startRedis();
}, START_MS);
afterAll(() => server.stop());

beforeEach(() => {
  bench = new RedisBench('lock-release');
});
afterEach(() => bench.stop());

it('a release that fails late is no failure of the attempt that is under way then', async () => {
  const [mine, yours] = [bench.lock([server.url]), bench.lock([server.url])];
  expect((await yours.tryAcquire('held', 10_000)).status).toBe('acquired');
  const lock = await mine.tryAcquire('spoilt', 10_000);
  if (lock.status !== 'acquired') throw new Error(`It was ${lock.status}.`);
  // Redis refuses to compare a list with the owner's name.
  await server.cli('DEL', `${bench.prefix}:lock:spoilt`);
  await server.cli('RPUSH', `${bench.prefix}:lock:spoilt`, 'x');
  const [, attempt] = await Promise.all([lock.release(), mine.tryAcquire('held', 10_000)]);
  expect(attempt).toEqual({ status: 'held' });
});
