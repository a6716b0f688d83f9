import {
  type LockAttempt,
  LocalRefreshLock,
  MemoryTokenStore,
  type TokenKey,
  type TokenStore,
} from '@oauth-token/core';
import type { ContractCase } from './contract-case.js';
import { type LockHandle, refreshLockContract } from './refresh-lock-contract.js';
import { tokenStoreContract } from './token-store/token-store-contract.js';

const failures = async (suite: readonly ContractCase[]): Promise<string> => {
  const failed: string[] = [];
  for (const { name, run } of suite) await run().catch(() => failed.push(name));
  return failed.join('\n');
};

/** Forgets on which version a command was based. */
class UnfencedStore extends MemoryTokenStore {
  override async commit(
    key: TokenKey,
    command: Parameters<TokenStore['commit']>[1],
  ): ReturnType<TokenStore['commit']> {
    const state = (await this.read(key))?.state;
    const base = { version: state?.version ?? 0, epoch: state?.epoch ?? '' };
    return super.commit(key, { ...command, base });
  }
}

class LeaselessStore extends MemoryTokenStore {
  override claimDue(options: { limit: number }): ReturnType<TokenStore['claimDue']> {
    return super.claimDue({ ...options, leaseMs: 0 });
  }
}

class OpenIdStore extends MemoryTokenStore {
  override idOf(key: TokenKey): string {
    return [key.registrationId, key.subject, ...(key.scope ?? []), ...(key.resource ?? [])].join(
      ':',
    );
  }
}

class PlainStore extends MemoryTokenStore {
  override seal(plaintext: Uint8Array): Uint8Array {
    return plaintext;
  }
  override open(sealed: Uint8Array): Uint8Array {
    return sealed;
  }
}

class RacingStore extends MemoryTokenStore {
  override async casShared(
    ...[name, version, value, ttlMs]: Parameters<TokenStore['casShared']>
  ): Promise<boolean> {
    const present = await this.getShared(name);
    if ((present?.version ?? 0) !== version) return false;
    await super.casShared(name, version, value, ttlMs);
    return true;
  }
}

class AnonymousLock extends LocalRefreshLock {
  override tryAcquire(_name: string, ttlMs: number): Promise<LockAttempt> {
    return super.tryAcquire('one for all', ttlMs);
  }
}

class EndlessLock extends LocalRefreshLock {
  override tryAcquire(name: string): Promise<LockAttempt> {
    return super.tryAcquire(name, 1e12);
  }
}

class FreeLock extends LocalRefreshLock {
  override tryAcquire(): Promise<LockAttempt> {
    return Promise.resolve({ status: 'acquired', release: () => Promise.resolve() });
  }
}

describe('the contract suites find', () => {
  it.each([
    ['a store whose commits are not fenced', UnfencedStore, /too late it is kept as a sibling/],
    ['a store whose claims have no lease', LeaselessStore, /within the lease/],
    ['a store whose ids tell their keys', OpenIdStore, /tell nothing/],
    ['a store that does not seal', PlainStore, /seal: opens/],
    ['a store whose shared writes race', RacingStore, /many writes at once/],
  ])('%s', async (_, Store, expected) => {
    const suite = tokenStoreContract(({ clock }) => {
      const store = new Store(clock);
      const advance = (ms: number): Promise<void> => clock.advance(ms);
      return Promise.resolve({ store, advance, close: () => store.close() });
    });
    expect(await failures(suite)).toMatch(expected);
  });

  it.each([
    ['a lock that does not tell names apart', AnonymousLock, /names are independent/],
    ['a lock that never ends', EndlessLock, /ends by itself/],
    ['a lock that holds nothing', FreeLock, /held by one alone/],
  ])('%s', async (_, Lock, expected) => {
    const suite = refreshLockContract(({ clock }) => {
      const lock = new Lock(clock);
      const handle: LockHandle = {
        lock,
        advance: (ms) => clock.advance(ms),
        close: () => lock.close(),
      };
      return Promise.resolve(handle);
    });
    expect(await failures(suite)).toMatch(expected);
  });
});
