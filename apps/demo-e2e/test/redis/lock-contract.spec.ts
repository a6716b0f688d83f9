import { RedlockRefreshLock } from '@oauth-token/redis';
import { type LockHandle, refreshLockContract } from '@oauth-token/testing';
import { Redis } from 'ioredis';
import { startThree, type ThreeServers } from '../../../../tools/redis/index.mjs';
import { waitFor } from '../support/wait-for.js';
import { itKeeps, pass } from './support/contract-cases.js';

let servers: ThreeServers;

beforeAll(async () => {
  servers = await startThree();
}, 120_000);

afterAll(() => servers.stop());

describe.each([1, 3])('RefreshLock contract: redlock over %i instance(s)', (count) => {
  let clients: Redis[];
  let locks = 0;

  beforeAll(() => {
    clients = servers.urls.slice(0, count).map((url) => new Redis(url));
  });
  afterAll(() => {
    for (const client of clients) client.disconnect();
  });

  const makeLock = async (): Promise<LockHandle> => {
    locks += 1;
    const lock = new RedlockRefreshLock(clients, { prefix: `lock-${count}-${locks}` });
    // Its connections open in the background; until then it says that it is unavailable.
    await waitFor('a lock that is connected', 5_000, async () => {
      return (await lock.tryAcquire('another', 100)).status !== 'unavailable';
    });
    return { lock, advance: pass, close: () => lock.close() };
  };

  itKeeps(refreshLockContract(makeLock));
});
