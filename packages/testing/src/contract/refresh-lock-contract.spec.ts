import { LocalRefreshLock } from '@oauth-token/core';
import { refreshLockContract } from './refresh-lock-contract.js';

describe('RefreshLock contract: LocalRefreshLock', () => {
  const suite = refreshLockContract(({ clock }) => {
    const lock = new LocalRefreshLock(clock);
    return Promise.resolve({ lock, advance: (ms) => clock.advance(ms), close: () => lock.close() });
  });
  for (const { name, run } of suite) it(name, run);
});
