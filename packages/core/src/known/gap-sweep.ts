import { isStoreUnavailableError } from '../errors/errors.js';
import type { TokenKey } from '../model/token-key.js';
import type { Clock } from '../timing/clock.js';

/** How many records are compared at one time. */
const AT_ONCE = 8;

/** How long others have to put back what they know, once this process has, ms. */
const OTHERS_MS = 1_000;

/** How long a store that went away again is left alone, ms. */
const RETRY_MS = 1_000;

/** What a sweep compares, and how. @internal */
export interface Sweepable {
  keys(): readonly TokenKey[];
  compare(key: TokenKey): Promise<unknown>;
}

/**
 * Compares everything that is known with the store after a gap in its changes: it may have come back empty or older.
 *
 * Until that is over, and others have had their time as well, no refresh token should be sent: a store that has gone back may offer one
 * that is spent. Without a gap it does nothing.
 *
 * @internal
 */
export class GapSweep {
  #running: Promise<void> | undefined;
  #again = false;
  #ended = false;
  /** Monotonic, ms. */
  #quietUntil = -Infinity;
  readonly #waiting = new Set<() => void>();

  constructor(
    private readonly clock: Clock,
    private readonly work: Sweepable,
  ) {}

  /** Begins a sweep, or has the one under way followed by another. */
  start(): void {
    if (this.#ended) return;
    this.#again = true;
    this.#running ??= this.#run();
  }

  /** Waits until refresh tokens may be sent: `free` at once · `waited`: what was read before is old · `ended`: never, the process ends. */
  async settled(): Promise<'free' | 'waited' | 'ended'> {
    if (!this.#isHolding()) return 'free';
    while (this.#isHolding() && !this.#ended) {
      // Somebody waits for this.
      await this.#pause(this.#quietUntil - this.clock.monotonic(), true);
    }
    return this.#ended ? 'ended' : 'waited';
  }

  /** Whether refresh tokens may be sent now. */
  isFree(): boolean {
    return !this.#isHolding();
  }

  /** Takes up no more records and lets nobody wait. */
  end(): void {
    this.#ended = true;
    this.#wakeAll();
  }

  /** Waits for the comparisons under way. */
  async close(): Promise<void> {
    this.end();
    await this.#running;
  }

  #isHolding(): boolean {
    return this.#running !== undefined || this.clock.monotonic() < this.#quietUntil;
  }

  async #run(): Promise<void> {
    while (this.#again && !this.#ended) {
      this.#again = false;
      const done = await this.#sweep();
      if (done) continue;
      this.#again = true;
      await this.#pause(RETRY_MS);
    }
    this.#quietUntil = this.clock.monotonic() + OTHERS_MS;
    this.#running = undefined;
    this.#wakeAll();
  }

  /** Whether it got to its end, with the store there. */
  async #sweep(): Promise<boolean> {
    const keys = [...this.work.keys()];
    let away = false;
    const worker = async (): Promise<void> => {
      for (let key = keys.pop(); key !== undefined && !away && !this.#ended; key = keys.pop()) {
        // A record that cannot be read does not keep the others from it.
        away ||= await this.work.compare(key).then(() => false, isStoreUnavailableError);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    return !away;
  }

  /** Waits so long, or until something has happened; while a sweep is under way, a second at most. */
  async #pause(ms: number, keepAlive = false): Promise<void> {
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        timer.cancel();
        this.#waiting.delete(wake);
        resolve();
      };
      const timer = this.clock.setTimer(wake, ms > 0 ? ms : RETRY_MS, keepAlive);
      this.#waiting.add(wake);
    });
  }

  #wakeAll(): void {
    for (const wake of [...this.#waiting]) wake();
  }
}
