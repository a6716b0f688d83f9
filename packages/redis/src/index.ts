export type { RedisClient } from './redis-client.js';
export type { RedisTokenStoreOptions } from './redis-store-options.js';
export { RedisTokenStore } from './redis-token-store.js';
export { RedlockRefreshLock, type RedlockRefreshLockOptions } from './redlock-refresh-lock.js';
