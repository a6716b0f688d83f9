import type { TokenManager } from '../access/token-manager.js';
import type { TokensStoredEvent } from '../events/token-events.js';
import type { ClientRegistration } from '../model/client-registration.js';
import type { TokenRecord } from '../store/token-store.js';
import type { Timer } from '../timing/clock.js';

/** How the background sweep works. @public */
export interface TokenRefresherOptions {
  /** The most records claimed at once. @defaultValue 100 */
  readonly batchSize?: number;
  /** The most renewals at one time in this process. @defaultValue 20 */
  readonly concurrency?: number;
}

/** How long a claim lasts, ms: what its claimer does not renew by then is offered again. */
const CLAIM_MS = 10_000;
/** A key that falls due within this time (ms) gets a timer; later ones are a tick's. */
const ARM_WITHIN_MS = 60_000;
const LEAST_DELAY_MS = 250;
/** The part of all renewals at one time that one provider may have. */
const PROVIDER_SHARE = 0.75;
/** How long a key waits whose registration or provider has all its requests under way, ms. */
const CROWDED_MS = 250;

/**
 * The background sweep: claims what is due and renews it, on a tick from outside and on a timer for what falls due before the next one.
 *
 * @public
 */
export class TokenRefresher {
  readonly #batchSize: number;
  readonly #concurrency: number;
  readonly #running = new Set<Promise<void>>();
  readonly #taken = new Map<string, number>();
  /** Claimed, and waiting for a place of their registration or provider. */
  readonly #line: TokenRecord[] = [];
  readonly #unknown = new Set<string>();
  readonly #unsubscribe: (() => void)[];
  #sweep: Promise<void> | undefined;
  #armed: { readonly at: number; readonly timer: Timer } | undefined;
  #stopped = false;

  readonly #manager: TokenManager;

  constructor(manager: TokenManager, options: TokenRefresherOptions = {}) {
    this.#manager = manager;
    this.#batchSize = options.batchSize ?? 100;
    this.#concurrency = options.concurrency ?? 20;
    const { events } = manager;
    const onStored = ({ dueAt }: TokensStoredEvent): void => {
      this.#arm(dueAt);
    };
    this.#unsubscribe = [
      events.on('acquired', onStored),
      events.on('refreshed', onStored),
      events.on('refreshFailed', ({ nextTryAt }) => {
        this.#arm(nextTryAt);
      }),
    ];
  }

  /** Renews what is due. A tick during another one joins it. */
  tick(): Promise<void> {
    if (this.#stopped) return Promise.resolve();
    this.#sweep ??= this.#run().finally(() => {
      this.#sweep = undefined;
    });
    return this.#sweep;
  }

  /** Takes no more work and waits for what is under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#armed?.timer.cancel();
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    // A store that went away ends the sweep; what is under way goes on.
    await this.#sweep?.catch(() => undefined);
    await Promise.allSettled(this.#running);
  }

  async #run(): Promise<void> {
    const { store } = this.#manager.engine;
    while (!this.#stopped) {
      const free = this.#concurrency - this.#running.size;
      if (free <= 0) {
        await Promise.race(this.#running);
        continue;
      }
      const limit = Math.min(this.#batchSize, free);
      const { records, nextDueAt } = await store.claimDue({ limit, leaseMs: CLAIM_MS });
      for (const record of records) this.#start(record);
      if (records.length < limit) {
        this.#arm(nextDueAt);
        return;
      }
    }
  }

  #start(record: TokenRecord): void {
    const work: Promise<void> = this.#renew(record)
      // A failed renewal is told as an event; anything else is offered again when the claim ends.
      .catch(() => undefined)
      .finally(() => this.#running.delete(work));
    this.#running.add(work);
  }

  async #renew(record: TokenRecord): Promise<void> {
    const { engine } = this.#manager;
    const registration = await engine.registrations.find(record.key.registrationId);
    if (registration === undefined) {
      this.#warnUnknown(record.key.registrationId);
      return;
    }
    const now = engine.time.now();
    const idle = idleUntil(record, registration.idleAfterMs, now);
    const admitted = idle <= now && this.#admit(registration);
    if (idle <= now && !admitted && this.#line.length < this.#batchSize) {
      this.#line.push(record);
      return;
    }
    const parkUntil = admitted || idle > now ? idle : now + CROWDED_MS;
    if (parkUntil > now) {
      await engine.store.touch(record.key, { parkUntil });
      this.#arm(parkUntil);
      return;
    }
    try {
      await this.#manager.renewDue(record.key);
    } finally {
      this.#leave(registration);
      // Whoever stands in line tries again, in order.
      if (!this.#stopped) for (const waiting of this.#line.splice(0)) this.#start(waiting);
    }
  }

  /** Takes a place of the registration and one of its provider, if both have one: a slow provider must not hold all. */
  #admit(registration: ClientRegistration): boolean {
    const places = this.#placesOf(registration);
    if (places.some(([name, most]) => (this.#taken.get(name) ?? 0) >= most)) return false;
    for (const [name] of places) this.#taken.set(name, (this.#taken.get(name) ?? 0) + 1);
    return true;
  }

  #leave(registration: ClientRegistration): void {
    for (const [name] of this.#placesOf(registration)) {
      const rest = (this.#taken.get(name) ?? 1) - 1;
      if (rest > 0) this.#taken.set(name, rest);
      else this.#taken.delete(name);
    }
  }

  #placesOf({ registrationId, provider, concurrency = Infinity }: ClientRegistration) {
    const endpoint = provider.endpoints?.token ?? provider.issuer ?? '';
    const perProvider = Math.max(1, Math.ceil(PROVIDER_SHARE * this.#concurrency));
    return [
      [`registration ${registrationId}`, concurrency],
      [`provider ${provider.name} ${endpoint}`, perProvider],
    ] as const;
  }

  /** Another replica may know it: nothing is forgotten, its claim simply ends. */
  #warnUnknown(registrationId: string): void {
    if (this.#unknown.has(registrationId)) return;
    this.#unknown.add(registrationId);
    process.emitWarning(
      `A stored token belongs to the registration '${registrationId}', which this process does not know; it is left to others.`,
      { code: 'OAUTH_TOKEN_UNKNOWN_REGISTRATION' },
    );
  }

  /** Sets the timer for a key that falls due soon, unless it rings before that anyway. */
  #arm(at: number | undefined): void {
    const { time, clock, random } = this.#manager.engine;
    const now = time.now();
    if (at === undefined || at - now > ARM_WITHIN_MS || this.#stopped) return;
    if (this.#armed !== undefined && this.#armed.at <= at) return;
    this.#armed?.timer.cancel();
    const delay = Math.max(LEAST_DELAY_MS, at - now) + random() * LEAST_DELAY_MS;
    const timer = clock.setTimer(() => {
      this.#armed = undefined;
      // A store that is away is met again at the next tick.
      this.tick().catch(() => undefined);
    }, delay);
    this.#armed = { at, timer };
  }
}

/** Until when an idle subject's token is left alone: the last stretch of its refresh token, where its end is known. */
function idleUntil(record: TokenRecord, idleAfterMs: number | undefined, now: number): number {
  const { facts, usedAt } = record.state;
  if (idleAfterMs === undefined || record.key.subject === undefined || facts === undefined)
    return now;
  const { issuedAt, refreshTokenExpiresAt } = facts;
  if (now - (usedAt ?? issuedAt) <= idleAfterMs) return now;
  return refreshTokenExpiresAt === undefined
    ? issuedAt + idleAfterMs
    : issuedAt + 0.8 * (refreshTokenExpiresAt - issuedAt);
}
