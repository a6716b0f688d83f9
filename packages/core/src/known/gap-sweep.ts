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
  /** The keys to compare, by their canonical forms. */
  keys(): ReadonlyMap<string, TokenKey>;
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
  #sweeping = false;
  #gaps = 0;
  #ended = false;
  /** Monotonic, ms. */
  #quietUntil = -Infinity;
  readonly #waiting = new Set<() => void>();
  /** What could not be compared, the store (or its part of it) being away. */
  readonly #left = new Set<string>();

  constructor(
    private readonly clock: Clock,
    private readonly work: Sweepable,
  ) {}

  /** Begins a sweep, or has the one under way followed by another. */
  start(): void {
    this.#gaps += 1;
    if (this.#ended) return;
    this.#again = true;
    this.#sweeping = true;
    this.#running ??= this.#run();
  }

  /** Waits until the refresh token of a key may be sent: `free` at once · `waited`: what was read before is old · `ended`: never, the process ends. */
  async settled(canonical: string): Promise<'free' | 'waited' | 'ended'> {
    if (this.isFree(canonical)) return 'free';
    while (!this.isFree(canonical) && !this.#ended) {
      // Somebody waits for this.
      await this.#pause(this.#quietUntil - this.clock.monotonic(), true);
    }
    return this.#ended ? 'ended' : 'waited';
  }

  /** Whether the refresh token of a key may be sent now. */
  isFree(canonical: string): boolean {
    if (this.#left.has(canonical)) return false;
    return !this.#sweeping && this.clock.monotonic() >= this.#quietUntil;
  }

  /** How many gaps there have been: what was planned before the last of them is old. */
  get gaps(): number {
    return this.#gaps;
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

  /** Sweeps while there are gaps, and then goes on with what was left over: one part of a store that is away holds only its own back. */
  async #run(): Promise<void> {
    while ((this.#again || this.#left.size > 0) && !this.#ended) {
      this.#again = false;
      const compared = await this.#sweep();
      if (compared) {
        if (this.#sweeping) this.#quietUntil = this.clock.monotonic() + OTHERS_MS;
        this.#sweeping = this.#hasGap();
        this.#wakeAll();
      }
      if (!this.#hasGap() && this.#left.size > 0) await this.#pause(RETRY_MS);
    }
    this.#sweeping = false;
    this.#running = undefined;
    this.#wakeAll();
  }

  /** Whether there was another gap meanwhile. */
  #hasGap(): boolean {
    return this.#again;
  }

  /** Whether anything could be compared, if there was anything. */
  async #sweep(): Promise<boolean> {
    const keys = [...this.work.keys()];
    const count = keys.length;
    const worker = async (): Promise<void> => {
      for (let next = keys.pop(); next !== undefined && !this.#ended; next = keys.pop()) {
        const [canonical, key] = next;
        // A record that cannot be read, the store being there, does not keep anything from going on.
        const away = await this.work.compare(key).then(() => false, isStoreUnavailableError);
        if (away) this.#left.add(canonical);
        else this.#left.delete(canonical);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    // What is not known any more needs no comparison.
    const known = this.work.keys();
    for (const canonical of this.#left) if (!known.has(canonical)) this.#left.delete(canonical);
    return count === 0 || this.#left.size < count;
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
