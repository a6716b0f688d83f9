import type { Redis } from 'ioredis';
import type { RedisClient } from './redis-client.js';

/** The real one: a test that replaces it later must not leave what was gathered unsent. */
const atEndOfTurn = setImmediate;

const turns = new WeakMap<RedisClient, TurnOfWrites>();

/** The turns of a connection. @internal */
export function turnOfWrites(client: RedisClient): TurnOfWrites {
  const known = turns.get(client) ?? new TurnOfWrites(client);
  turns.set(client, known);
  return known;
}

/**
 * Lets what is sent in one turn of the event loop leave in one system call: of a refresh, they are what costs most.
 *
 * @internal
 */
export class TurnOfWrites {
  #gathering = false;

  constructor(private readonly client: RedisClient) {}

  /** To be called before a command is sent. A cluster's connections are not reached, and need it less. */
  gather(): void {
    const { stream } = this.client as Partial<Pick<Redis, 'stream'>>;
    if (this.#gathering || stream === undefined) return;
    this.#gathering = true;
    stream.cork();
    atEndOfTurn(() => {
      this.#gathering = false;
      stream.uncork();
    });
  }
}
