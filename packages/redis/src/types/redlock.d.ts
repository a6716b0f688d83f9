declare module 'redlock' {
  import type { EventEmitter } from 'node:events';

  namespace Redlock {
    interface Options {
      driftFactor?: number;
      retryCount?: number;
      retryDelay?: number;
      retryJitter?: number;
    }
    class LockError extends Error {
      readonly name: 'LockError';
      attempts?: number;
    }
    interface Lock {
      readonly resource: string[];
      readonly value: string;
      readonly expiration: number;
      unlock(): Promise<void>;
      extend(ttl: number): Promise<Lock>;
    }
  }
  class Redlock extends EventEmitter {
    static readonly LockError: typeof Redlock.LockError;
    constructor(clients: readonly unknown[], options?: Redlock.Options);
    acquire(resource: string | string[], ttl: number): Promise<Redlock.Lock>;
    unlock(lock: Redlock.Lock): Promise<void>;
    on(event: 'clientError', listener: (error: Error) => void): this;
    /** Draws the value by which a lock knows its holder. */
    _random(): string;
  }
  export = Redlock;
}
