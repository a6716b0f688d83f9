import {
  isReauthorizationRequiredError,
  passwordGrant,
  type TokenChange,
  type TokenManager,
} from '@oauth-token/core';
import {
  type RedisProcess,
  startProxy,
  startRedis,
  type TcpProxy,
} from '../../../../tools/redis/index.mjs';
import { waitFor } from '../support/wait-for.js';
import { RedisBench, START_MS } from './support/redis-bench.js';

const ANNA = { registrationId: 'acme', subject: 'anna' };
const LOGIN = passwordGrant({ username: 'demo', password: 'demo-password' });

let server: RedisProcess;
let proxy: TcpProxy;
let bench: RedisBench;
let cases = 0;

beforeAll(async () => {
  server = await startRedis();
}, START_MS);
afterAll(() => server.stop());

beforeEach(async () => {
  cases += 1;
  bench = new RedisBench(`feed-${cases}`);
  await bench.start();
  proxy = await startProxy(server);
});
afterEach(async () => {
  await bench.stop();
  await proxy.stop();
});

/** Two replicas; the second one's connections can be cut. */
async function twoReplicas(): Promise<{
  readonly here: TokenManager;
  readonly there: TokenManager;
  /** What the second one is told by others. */
  readonly told: TokenChange[];
}> {
  // A poll or a comparison with the store would come too late to explain what is seen here.
  const registrations = [bench.registration({ keepFresh: false })];
  const replica = (url: string) => {
    const store = bench.store(url);
    return { store, manager: bench.manager({ store, registrations }) };
  };
  const [first, second] = [replica(server.url), replica(proxy.url)];
  const told: TokenChange[] = [];
  second.store.subscribe((change) => {
    if (change.origin === 'fleet') told.push(change);
  });
  await first.manager.start();
  await second.manager.start();
  await subscribers(2);
  return { here: first.manager, there: second.manager, told };
}

/** Waits until so many replicas listen. */
const subscribers = (count: number): Promise<void> =>
  waitFor(`${count} subscriptions`, 5_000, async () => {
    const reply = await server.cli('PUBSUB', 'NUMSUB', `${bench.prefix}:changes`);
    return Array.isArray(reply) && reply[1] === count;
  });

it('a renewal at one replica wakes who waits at another at once', async () => {
  const { here, there } = await twoReplicas();
  const endpointMs = 300;
  const late: number[] = [];
  for (let round = 0; round < 5; round += 1) {
    bench.sandbox.addFault({ on: 'token', kind: 'delay', ms: endpointMs });
    const renewal = here.refresh('acme');
    await waitFor('the token request', 2_000, () => bench.requests().length === round + 1);
    // It finds the renewal under way and waits for its end.
    const waiting = there.refresh('acme').then(() => performance.now());
    await renewal;
    const renewedAt = performance.now();
    late.push((await waiting) - renewedAt);
    expect(await there.getAccessToken('acme')).toBe(await here.getAccessToken('acme'));
  }
  expect(bench.requests()).toHaveLength(5);
  // A poll comes once a second, which would be 700 ms later.
  expect(Math.max(...late)).toBeLessThan(300);
}, 20_000);

it('a logout and a new login at one replica drop what another has in memory', async () => {
  const { here, there } = await twoReplicas();
  await here.authenticate(ANNA, LOGIN);
  const first = await there.getAccessToken(ANNA);
  await here.authenticate(ANNA, LOGIN);
  const second = await here.getAccessToken(ANNA);
  expect(second).not.toBe(first);
  await waitFor(
    'the newer login',
    1_000,
    async () => (await there.getAccessToken(ANNA)) === second,
  );
  await here.forget(ANNA);
  const isLoggedOut = (): Promise<boolean> =>
    there.getAccessToken(ANNA).then(() => false, isReauthorizationRequiredError);
  await waitFor('the logout', 1_000, isLoggedOut);
});

it('a renewal at one replica replaces what another has in memory', async () => {
  const { here, there, told } = await twoReplicas();
  await here.authenticate(ANNA, LOGIN);
  const first = await there.getAccessToken(ANNA);
  await here.refresh(ANNA);
  await waitFor('the newer token', 1_000, async () => (await there.getAccessToken(ANNA)) !== first);
  expect(await there.getAccessToken(ANNA)).toBe(await here.getAccessToken(ANNA));
  expect(told.map(({ kind, version }) => [kind, version])).toEqual([
    ['login', 1],
    ['tokens', 2],
  ]);
});

it('an interrupted subscription clears the memory and goes on', async () => {
  const { here, there, told } = await twoReplicas();
  await here.authenticate(ANNA, LOGIN);
  await there.getAccessToken(ANNA);
  expect(await server.cli('CLIENT', 'KILL', 'TYPE', 'pubsub')).toBe(2);
  await waitFor('the news of a gap', 5_000, () => told.some(({ kind }) => kind === 'gap'));
  await subscribers(2);
  await here.forget(ANNA);
  await waitFor('the logout', 1_000, () => told.at(-1)?.kind === 'forgotten');
});

it('what happened while the subscription was cut is known after it', async () => {
  const { here, there } = await twoReplicas();
  await here.authenticate(ANNA, LOGIN);
  const first = await there.getAccessToken(ANNA);
  await proxy.cut();
  await subscribers(1);
  await here.authenticate(ANNA, LOGIN);
  // With Redis away it cannot know better.
  expect(await there.getAccessToken(ANNA)).toBe(first);
  await proxy.restore();
  const second = await here.getAccessToken(ANNA);
  await waitFor(
    'the newer login',
    5_000,
    async () => (await there.getAccessToken(ANNA)) === second,
  );
});
