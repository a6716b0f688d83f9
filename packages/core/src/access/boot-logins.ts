import { isStoreUnavailableError } from '../errors/errors.js';
import type { TokenKey } from '../model/token-key.js';
import type { Registrations } from '../registrations/registrations.js';
import type { Clock } from '../timing/clock.js';

/** How many logins run at one time at boot. */
const AT_ONCE = 8;

/** How long a login waits for a store that is away, ms. */
const STORE_AWAY_MS = 2_000;

/**
 * Logs in the registrations that can by themselves and are kept fresh. Never rejects: what fails is told as events and tried again when
 * its time comes; with the store away there is nothing that could say when, so it is tried again here.
 *
 * @internal
 */
export class BootLogins {
  #ended = false;
  #wake: () => void = () => undefined;

  constructor(
    private readonly registrations: Registrations,
    private readonly clock: Clock,
    private readonly renew: (key: TokenKey) => Promise<unknown>,
  ) {}

  async run(): Promise<void> {
    let waiting = await this.#candidates().catch(() => []);
    while (waiting.length > 0 && !this.#ended) {
      waiting = await this.#round(waiting);
      if (waiting.length > 0) await this.#pause();
    }
  }

  async #candidates(): Promise<string[]> {
    const list = await this.registrations.list();
    return list
      .filter(({ grant, keepFresh }) => grant !== undefined && keepFresh !== false)
      .map(({ registrationId }) => registrationId);
  }

  /** No more tries. */
  end(): void {
    this.#ended = true;
    this.#wake();
  }

  /** Tries all; returns those for which the store was away. */
  async #round(ids: readonly string[]): Promise<string[]> {
    const queue = [...ids];
    const again: string[] = [];
    const worker = async (): Promise<void> => {
      for (let id = queue.shift(); id !== undefined && !this.#ended; id = queue.shift()) {
        if (await this.#isStoreAway(id)) again.push(id);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    return again;
  }

  async #isStoreAway(registrationId: string): Promise<boolean> {
    try {
      await this.renew({ registrationId });
      return false;
    } catch (error) {
      return isStoreUnavailableError(error);
    }
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.clock.setTimer(resolve, STORE_AWAY_MS);
      this.#wake = () => {
        timer.cancel();
        resolve();
      };
    });
  }
}
