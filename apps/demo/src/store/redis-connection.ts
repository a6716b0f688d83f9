import { Logger } from '@nestjs/common';
import { Redis } from 'ioredis';
import { serverOf } from '../settings/store-settings.js';

/** Longest wait for the first answer at the start, ms. */
const FIRST_ANSWER_MS = 3_000;

/** What a server says to whom it will never serve, unlike one that is loading or full. */
const REFUSAL =
  /^(WRONGPASS|NOAUTH|NOPERM|DENIED|ERR (AUTH|Client sent AUTH|DB|invalid|unknown user))/;

/**
 * One connection to a Redis server, opened and closed here. It reconnects by itself for ever; each outage is two lines of the
 * log, however often it is noticed.
 */
export class RedisConnection {
  readonly client: Redis;
  /** `host:port`, without credentials. */
  readonly server: string;
  readonly #logger = new Logger('Redis');
  #away = false;
  #heard = false;
  #closed = false;

  constructor(url: string) {
    this.server = serverOf(url);
    this.client = new Redis(url, {
      connectTimeout: 2_000,
      commandTimeout: 1_000,
      maxRetriesPerRequest: 1,
      // What cannot be sent now fails now: callers are served from memory, and nothing is sent that nobody waits for any more.
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
    });
    this.client.on('error', (error: Error) => {
      // A refusal at the start ends it, and is told there.
      if (this.#heard || !REFUSAL.test(error.message)) this.#tellAway(reasonOf(error));
    });
    this.client.on('close', () => {
      this.#tellAway('the connection was closed');
    });
    this.client.on('ready', () => {
      if (this.#away) this.#logger.log(`${this.server} is back`);
      this.#away = false;
    });
  }

  /** Waits for the server's first word. Answers why it refuses us, if it does; one that cannot be reached now is no refusal. */
  async refusal(): Promise<string | undefined> {
    const { client } = this;
    return new Promise((resolve) => {
      const end = (error?: Error): void => {
        this.#heard = true;
        clearTimeout(limit);
        client.off('ready', end).off('error', end);
        const message = error?.message ?? '';
        resolve(REFUSAL.test(message) ? message.split(/[,.]/)[0] : undefined);
      };
      const limit = setTimeout(() => {
        this.#tellAway(`no answer within ${FIRST_ANSWER_MS} ms`);
        end();
      }, FIRST_ANSWER_MS);
      client.once('ready', end).once('error', end);
    });
  }

  close(): void {
    this.#closed = true;
    this.client.disconnect();
  }

  #tellAway(reason: string): void {
    if (this.#away || this.#closed) return;
    this.#away = true;
    this.#logger.warn(`${this.server} is away (${reason}); it is tried again until it is back`);
  }
}

/** Why, in a word that holds nothing that was sent. */
function reasonOf(error: Error): string {
  const { code } = error as NodeJS.ErrnoException;
  return code ?? /^[A-Z]{2,}\b/.exec(error.message)?.[0] ?? error.name;
}
