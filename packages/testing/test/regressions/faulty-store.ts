import {
  type CommitAnswer,
  type CommitCommand,
  MemoryTokenStore,
  type RecordBody,
  type Stored,
  StoreUnavailableError,
  type TokenChange,
  type TokenKey,
  type TokenRecord,
} from '@oauth-token/core';

type Claim = Awaited<ReturnType<MemoryTokenStore['claimDue']>>;

/** A store that goes away, answers late, and counts who listens to it. */
export class FaultyStore extends MemoryTokenStore {
  /** Reads fail. */
  readsFail = false;
  /** Commits fail, and are not done. */
  commitsFail = false;
  /** What the next claim answers instead of its own. */
  nextClaim: Promise<Claim> | undefined;
  /** Runs once, after the next read has looked and before it answers. */
  afterNextRead: (() => Promise<void>) | undefined;
  listeners = 0;

  override async read(key: TokenKey): Promise<TokenRecord | undefined> {
    if (this.readsFail) throw away();
    const record = await super.read(key);
    const hook = this.afterNextRead;
    this.afterNextRead = undefined;
    await hook?.();
    return record;
  }

  override commit(
    key: TokenKey,
    command: CommitCommand<RecordBody>,
  ): Promise<Stored<CommitAnswer>> {
    return this.commitsFail ? Promise.reject(away()) : super.commit(key, command);
  }

  override claimDue(options: { readonly limit: number; readonly leaseMs: number }): Promise<Claim> {
    const claim = this.nextClaim;
    this.nextClaim = undefined;
    return claim ?? super.claimDue(options);
  }

  override subscribe(listener: (change: TokenChange) => void): () => void {
    this.listeners += 1;
    const stop = super.subscribe(listener);
    return () => {
      this.listeners -= 1;
      stop();
    };
  }
}

/** The error of a store that cannot be reached. */
export const away = (): StoreUnavailableError => new StoreUnavailableError('The store is away.');
