import type { Cluster, Redis } from 'ioredis';
import { randomInt } from 'node:crypto';
import { duplicateOf, type RedisClient } from './redis-client.js';

/** What becomes of a subscription. @internal */
export interface SubscriptionEvents {
  readonly message: (text: string) => void;
  readonly opened: () => void;
  /** Redis does not let us listen, or the connection ended before it could. */
  readonly refused: (error: unknown) => void;
  /** Nobody listens, until `opened` is told (again). */
  readonly lost: () => void;
}

/** How much longer each further try waits, and the longest wait, ms. */
const RETRY_STEP_MS = 50;
const RETRY_MAX_MS = 2_000;

/** The connection to listen on, and what it was made after. */
interface Choice {
  readonly connection: Redis;
  /** A Cluster's node, whose end means that it has left. */
  readonly node?: Redis;
}

/**
 * One channel, on a connection of its own that is made anew whenever it is lost.
 *
 * The subscriber of a Cluster client moves to another node without a word, so a gap would never be told. Here one of the masters is
 * listened to: every node of a Cluster passes on what one of them is told.
 *
 * @internal
 */
export class Subscription {
  #connection: Redis | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  #trouble: string | undefined;
  /** Tries since it was open last. */
  #tries = 0;
  #turn = randomInt(1_024);

  constructor(
    private readonly client: RedisClient,
    private readonly channel: string,
    private readonly events: SubscriptionEvents,
  ) {}

  /** The system's code of what has kept the connection from being made, such as `ECONNREFUSED`. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  open(): void {
    if (this.#closed) return;
    const choice = this.#choose();
    if (choice === undefined) this.#openLater();
    else this.#listen(choice);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#connection?.disconnect();
  }

  #listen({ connection, node }: Choice): void {
    this.#connection = connection;
    const leave = (): void => {
      connection.disconnect();
    };
    node?.once('end', leave);
    // Its commands fail on their own; a lost connection shows as a close.
    connection.on('error', (error: NodeJS.ErrnoException) => {
      this.#trouble = error.code;
    });
    connection.on('close', this.events.lost);
    connection.on('message', (_channel: string, text: string) => {
      this.events.message(text);
    });
    connection.on('ready', () => {
      this.#subscribe(connection);
    });
    // One that connects again by itself does not end.
    connection.once('end', () => {
      node?.off('end', leave);
      this.#openLater();
    });
    if (connection.status === 'wait') connection.connect().catch(() => undefined);
  }

  #subscribe(connection: Redis): void {
    void connection.subscribe(this.channel).then(() => {
      this.#tries = 0;
      this.#trouble = undefined;
      this.events.opened();
    }, this.events.refused);
  }

  #openLater(): void {
    if (this.#closed) return;
    this.#tries += 1;
    const delayMs = Math.min(this.#tries * RETRY_STEP_MS, RETRY_MAX_MS);
    this.#timer = setTimeout(() => {
      this.open();
    }, delayMs).unref();
  }

  /** Nothing while a Cluster does not know its masters. */
  #choose(): Choice | undefined {
    if (!this.client.isCluster) return { connection: duplicateOf(this.client) as Redis };
    if (this.client.status !== 'ready') return undefined;
    const masters = (this.client as Cluster).nodes('master');
    this.#turn += 1;
    const node = masters[this.#turn % masters.length];
    // Another node may be there when this one is not.
    return node && { node, connection: node.duplicate({ retryStrategy: () => null }) };
  }
}
