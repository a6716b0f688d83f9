import type { Clock } from '@oauth-token/core';

/** How often the fleet is asked at most, ms: each time it reads all it knows. */
const INTERVAL_MS = 2_000;

/**
 * Tells of a gap at most once in a while: whoever wants it told meanwhile is content with the last one.
 *
 * @internal
 */
export class GapNotice {
  #last: { readonly at: number; readonly told: Promise<void> } | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly send: () => Promise<void>,
  ) {}

  /** @throws whatever `send` throws; the next one tries again */
  async tell(): Promise<void> {
    const now = this.clock.monotonic();
    if (this.#last === undefined || now - this.#last.at >= INTERVAL_MS) {
      this.#last = { at: now, told: this.send() };
    }
    const last = this.#last;
    try {
      await last.told;
    } catch (error) {
      if (this.#last === last) this.#last = undefined;
      throw error;
    }
  }
}
