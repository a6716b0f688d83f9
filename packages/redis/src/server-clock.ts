import type { Clock } from '@oauth-token/core';
import type { RedisCommands } from './redis-client.js';

/** How old an anchor may grow before it is taken anew, ms: hosts' clocks run apart. */
const ANCHOR_MS = 60_000;

/**
 * The time of the Redis server: its last answer plus the monotonic time since.
 *
 * @internal
 */
export class ServerClock {
  #anchor: { readonly server: number; readonly monotonic: number } | undefined;

  #latest = 0;

  constructor(
    private readonly commands: RedisCommands,
    private readonly clock: Clock,
  ) {}

  /** Asks the server. */
  async read(): Promise<number> {
    const before = this.clock.monotonic();
    const [seconds, micros] = (await this.commands.call('TIME')) as [string, string];
    const server = Number(seconds) * 1_000 + Number(micros) / 1_000;
    // The answer is as old as half of its way.
    const monotonic = (before + this.clock.monotonic()) / 2;
    this.#anchor = { server, monotonic };
    return this.#since(this.#anchor);
  }

  /** The time without asking, once the server has been asked. */
  known(): number | undefined {
    const anchor = this.#anchor;
    if (anchor === undefined) return undefined;
    if (this.clock.monotonic() - anchor.monotonic > ANCHOR_MS) {
      // Whoever comes next reads; this one has a good answer.
      this.#anchor = { server: this.#since(anchor), monotonic: this.clock.monotonic() };
      this.read().catch(() => undefined);
    }
    return this.#since(anchor);
  }

  /** Whole ms, and never less than before: anchors are good to half a round trip only. */
  #since(anchor: { readonly server: number; readonly monotonic: number }): number {
    const time = Math.floor(anchor.server + this.clock.monotonic() - anchor.monotonic);
    this.#latest = Math.max(this.#latest, time);
    return this.#latest;
  }
}
