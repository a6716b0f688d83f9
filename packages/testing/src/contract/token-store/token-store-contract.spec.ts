import { MemoryTokenStore } from '@oauth-token/core';
import { tokenStoreContract } from './token-store-contract.js';

describe('TokenStore contract: MemoryTokenStore', () => {
  const suite = tokenStoreContract(({ clock }) => {
    const store = new MemoryTokenStore(clock);
    return Promise.resolve({
      store,
      advance: (ms) => clock.advance(ms),
      close: () => store.close(),
    });
  });
  for (const { name, run } of suite) it(name, run);
});
