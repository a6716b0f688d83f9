/**
 * What became of a try to take a lock. `unavailable` means that the lock service is away: go on, the store's `begin` is the exclusion.
 *
 * @public
 */
export type LockAttempt =
  | { readonly status: 'acquired'; release(): Promise<void> }
  | { readonly status: 'held' }
  | { readonly status: 'unavailable'; readonly reason: string };

/**
 * A lock over all replicas that saves work. Nothing depends on it for safety: the store's `commit` is what is safe.
 *
 * Implementations: {@link LocalRefreshLock}, and `RedlockRefreshLock` of `@oauth-token/redis`.
 *
 * @public
 */
export abstract class RefreshLock {
  /** Tries once and does not wait. `release` is best effort and never rejects. */
  abstract tryAcquire(name: string, ttlMs: number): Promise<LockAttempt>;
  /** Closes what the lock opened itself. */
  abstract close(): Promise<void>;
}
