import type { ClientRegistration } from '../model/client-registration.js';
import type { FailedAnswer } from '../provider/token-answer.js';
import type { TokenStore } from '../store/token-store.js';
import type { Clock } from '../timing/clock.js';
import type { StoreTime } from '../timing/store-time.js';
import { BoundedMap } from '../util/bounded-map.js';
import {
  BREAKER_CAP_MS,
  endpointDown,
  isFaultOfEndpoint,
  nextPause,
  type Pause,
  probing,
} from './pause.js';
import { type PauseNames, PauseNaming } from './pause-names.js';

/** The most pauses that are remembered between two looks. */
const MOST_LOOKS = 10_000;

/** How long a pause is believed without another look at the store, ms. */
const LOOK_MS = 1_000;

/** So many failures of an endpoint in a row mean that it is down. */
const MOST_FAILURES = 5;

/** Failures further apart than this are not in a row, ms: longer than any backoff. */
const ROW_MS = 120_000;

/** How long a pause is remembered that nobody has come back to, ms. */
const KEPT_MS = 3 * BREAKER_CAP_MS;

/**
 * Pauses shared through the store: of a provider that throttles, of a token endpoint that is down, and of a registration that is
 * misconfigured.
 *
 * They hold back token requests and never the serving of a valid token. A breaker is named after the settings that failed, so
 * corrected settings are not held back. With the store away each process keeps its own.
 *
 * @internal
 */
export class SharedPauses {
  readonly #looks = new BoundedMap<
    string,
    { readonly pause: Pause | undefined; readonly at: number }
  >(MOST_LOOKS);

  /** Failures in a row as this process has seen them. */
  readonly #rows = new BoundedMap<string, { readonly count: number; readonly at: number }>(
    MOST_LOOKS,
  );

  readonly #naming: PauseNaming;

  constructor(
    private readonly store: TokenStore,
    private readonly time: StoreTime,
    private readonly clock: Clock,
  ) {
    this.#naming = new PauseNaming(store);
  }

  /** The names of a registration's pauses, by its client secret as it is now. */
  namesOf(registration: ClientRegistration, secret: string | undefined): PauseNames {
    return this.#naming.of(registration, secret);
  }

  /** The first of these pauses that holds now. */
  async find(...names: readonly string[]): Promise<Pause | undefined> {
    for (const name of new Set(names)) {
      const look = this.#looks.get(name);
      const recent = look !== undefined && this.clock.monotonic() - look.at < LOOK_MS;
      const pause = recent ? look.pause : await this.#look(name).catch(() => look?.pause);
      if (pause !== undefined && pause.until > this.time.now()) return pause;
    }
    return undefined;
  }

  /**
   * Takes the one try that follows a pause, in front of a request. Returns the pause that holds the request back when another process has
   * it. Without a pause it asks nobody.
   */
  async probe(...names: readonly string[]): Promise<Pause | undefined> {
    for (const name of new Set(names)) {
      if (this.#looks.get(name)?.pause === undefined) continue;
      const pause = await this.#claim(name);
      if (pause !== undefined) return pause;
    }
    return undefined;
  }

  /** Pauses a whole provider as its server asks. Returns until when. */
  async throttle({ provider }: PauseNames, answer: FailedAnswer): Promise<number> {
    return this.#write(provider, answer, true);
  }

  /** Opens the breaker of a registration for longer each time. Returns until when. */
  async misconfigured({ breaker }: PauseNames, answer: FailedAnswer): Promise<number> {
    return this.#write(breaker, answer, true);
  }

  /** Notes that a request has failed; so many in a row pause the endpoint. */
  async failed({ endpoint }: PauseNames, answer: FailedAnswer): Promise<void> {
    if (!isFaultOfEndpoint(answer)) return;
    const at = this.clock.monotonic();
    const row = this.#rows.get(endpoint);
    const count = row !== undefined && at - row.at < ROW_MS ? row.count + 1 : 1;
    this.#rows.set(endpoint, { count, at });
    const opens = count >= MOST_FAILURES;
    // The try that follows a pause needs no row.
    if (!opens && this.#looks.get(endpoint)?.pause === undefined) return;
    await this.#write(endpoint, endpointDown(MOST_FAILURES, answer), opens);
    if (opens) this.#rows.delete(endpoint);
  }

  /** Forgets these pauses: a request has just succeeded. Writes only where there was one. */
  async ended(...names: readonly string[]): Promise<void> {
    for (const name of new Set(names)) {
      this.#rows.delete(name);
      if (this.#looks.get(name)?.pause === undefined) continue;
      const { version, pause } = await this.#read(name);
      if (pause !== undefined) await this.store.casShared(name, version, 'null', 1);
      this.#looks.delete(name);
    }
  }

  async #look(name: string): Promise<Pause | undefined> {
    const { pause } = await this.#read(name);
    this.#remember(name, pause);
    return pause;
  }

  async #claim(name: string): Promise<Pause | undefined> {
    const { version, pause } = await this.#read(name);
    const now = this.time.now();
    if (pause === undefined || pause.until > now) {
      this.#remember(name, pause);
      return pause;
    }
    const claimed = probing(pause, now);
    this.#remember(name, claimed);
    // Who has lost waits for the other's try, which is as good.
    return (await this.#swap(name, version, claimed)) ? undefined : claimed;
  }

  /** @param opens - whether to begin a pause where there is none */
  async #write(name: string, answer: FailedAnswer, opens: boolean): Promise<number> {
    const known = { version: -1, pause: this.#looks.get(name)?.pause };
    const { version, pause } = await this.#read(name).catch(() => known);
    const now = this.time.now();
    const next = nextPause(pause, answer, now);
    const begins = next !== undefined && (opens || pause !== undefined);
    this.#remember(name, begins ? next : pause);
    if (!begins) return pause?.until ?? now;
    // Lost to another replica: its pause is as good. With the store away it is this process's alone.
    if (version >= 0) await this.#swap(name, version, next).catch(() => false);
    return next.until;
  }

  async #read(name: string): Promise<{ readonly version: number; readonly pause?: Pause }> {
    const entry = await this.store.getShared(name);
    if (entry === undefined) return { version: 0 };
    const pause = JSON.parse(entry.value) as Pause | null;
    return pause === null ? { version: entry.version } : { version: entry.version, pause };
  }

  #swap(name: string, version: number, pause: Pause): Promise<boolean> {
    return this.store.casShared(name, version, JSON.stringify(pause), KEPT_MS);
  }

  #remember(name: string, pause: Pause | undefined): void {
    this.#looks.set(name, { pause, at: this.clock.monotonic() });
  }
}
