import { isConfigurationError, type TokenChange } from '@oauth-token/core';
import { type RedisClient, type RedisCommands, toStoreError } from './redis-client.js';
import { Subscription } from './subscription.js';

/** A gap is of no record and no version. */
const GAP = { id: '', version: 0, kind: 'gap' } as const;

/**
 * Tells this process what others change: one subscription, always open, on a connection of its own.
 *
 * @internal
 */
export class ChangeFeed {
  readonly #listeners = new Set<(change: TokenChange) => void>();
  #subscription: Subscription | undefined;
  /** Whether something may have been missed since it was known what there is. */
  #interrupted = false;
  #subscribed = false;
  #first: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly client: RedisClient,
    private readonly channel: string,
    private readonly replica: string,
  ) {}

  /** Opens the subscription; one that cannot be opened now is opened when it can. */
  start(): void {
    if (this.#subscription !== undefined) return;
    this.#first = new Promise((resolve) => {
      const subscription = new Subscription(this.client, this.channel, {
        message: (text) => {
          this.#receive(text);
        },
        opened: () => {
          this.#resume();
          resolve(undefined);
        },
        refused: resolve,
        lost: () => {
          this.#interrupt();
          resolve(undefined);
        },
      });
      this.#subscription = subscription;
      subscription.open();
    });
  }

  /** The system's code of what keeps this process from Redis, as far as the subscription shows. */
  get trouble(): string | undefined {
    return this.#subscription?.trouble;
  }

  /** Waits for the first try to subscribe. @throws {@link ConfigurationError} when Redis refuses it */
  async opened(commands: RedisCommands): Promise<void> {
    const result = await commands.within('SUBSCRIBE', this.#first).catch(() => undefined);
    // From here on the store is used, and changed by others, whether it is listened to or not.
    if (!this.#subscribed) this.#interrupted = true;
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

  /** Tells all replicas, this one as well, to compare what they know with the store. @throws {@link StoreUnavailableError} */
  async tellGap(commands: RedisCommands): Promise<void> {
    await commands.call('PUBLISH', this.channel, this.messageOf({ ...GAP, id: '-' }));
    this.tell({ ...GAP, origin: 'local' });
  }

  close(): void {
    this.#listeners.clear();
    this.#subscription?.close();
  }

  #receive(message: string): void {
    const [replica, kind, version, id] = message.split(' ');
    if (replica === this.replica || id === undefined) return;
    const told = { id, version: Number(version), kind: kind as TokenChange['kind'] };
    this.tell({ ...(kind === GAP.kind ? GAP : told), origin: 'fleet' });
  }

  /** Told at once: a server that comes back with an older state may answer before the subscription is open again. */
  #interrupt(): void {
    if (!this.#interrupted && this.#subscribed) this.#miss();
    this.#interrupted = true;
  }

  /** Until now nobody knows what was missed. */
  #resume(): void {
    if (this.#interrupted) this.#miss();
    this.#interrupted = false;
    this.#subscribed = true;
  }

  #miss(): void {
    this.tell({ ...GAP, origin: 'fleet' });
  }
}
