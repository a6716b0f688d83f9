import { isConfigurationError, type TokenChange } from '@oauth-token/core';
import { duplicateOf, type RedisClient, type RedisCommands, toStoreError } from './redis-client.js';

/**
 * Tells this process what others change: one subscription, always open, on a connection of its own.
 *
 * @internal
 */
export class ChangeFeed {
  readonly #listeners = new Set<(change: TokenChange) => void>();
  #connection: RedisClient | undefined;
  #interrupted = false;
  #subscribed = false;
  #first: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly client: RedisClient,
    private readonly channel: string,
    private readonly replica: string,
  ) {}

  /** Opens the subscription; one that cannot be opened now is opened by the client when it can. */
  start(): void {
    if (this.#connection !== undefined) return;
    const connection = duplicateOf(this.client);
    this.#connection = connection;
    // Its commands fail on their own; a lost connection shows as a gap.
    connection.on('error', () => undefined);
    connection.on('close', () => {
      this.#interrupt();
    });
    connection.on('message', (_channel: string, message: string) => {
      this.#receive(message);
    });
    this.#first = new Promise((resolve) => {
      const subscribe = (): void => {
        void connection.subscribe(this.channel).then(() => {
          this.#resumed();
          resolve(undefined);
        }, resolve);
      };
      connection.on('ready', subscribe);
      connection.once('close', resolve);
    });
    if (connection.status === 'wait') connection.connect().catch(() => undefined);
  }

  /** Waits for the first try to subscribe. @throws {@link ConfigurationError} when Redis refuses it */
  async opened(commands: RedisCommands): Promise<void> {
    const result = await commands.within('SUBSCRIBE', this.#first).catch(() => undefined);
    const refused = result instanceof Error ? toStoreError('SUBSCRIBE', result) : undefined;
    if (isConfigurationError(refused)) throw refused;
  }

  subscribe(listener: (change: TokenChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** What others are sent for a change of ours. */
  messageOf({ id, version, kind }: Omit<TokenChange, 'origin'>): string {
    return `${this.replica} ${kind} ${version} ${id}`;
  }

  tell(change: TokenChange): void {
    for (const listener of this.#listeners) listener(change);
  }

  close(): void {
    this.#listeners.clear();
    this.#connection?.disconnect();
  }

  #receive(message: string): void {
    const [replica, kind, version, id] = message.split(' ');
    if (replica === this.replica || id === undefined) return;
    this.tell({ id, version: Number(version), kind: kind as TokenChange['kind'], origin: 'fleet' });
  }

  /** Told at once: a server that comes back with an older state may answer before the subscription is open again. */
  #interrupt(): void {
    if (!this.#interrupted && this.#subscribed) this.#tellGap();
    this.#interrupted = true;
  }

  /** Until now nobody knows what was missed. */
  #resumed(): void {
    if (this.#interrupted && this.#subscribed) this.#tellGap();
    this.#interrupted = false;
    this.#subscribed = true;
  }

  #tellGap(): void {
    this.tell({ id: '', version: 0, kind: 'gap', origin: 'fleet' });
  }
}
