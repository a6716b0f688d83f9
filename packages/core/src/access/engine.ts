import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { TokenEvents } from '../events/token-events.js';
import { defaultJournal } from '../journal/default-journal.js';
import { NO_JOURNAL } from '../journal/no-spill-journal.js';
import { KnownRecords } from '../known/known-records.js';
import { LocalRefreshLock } from '../lock/local-refresh-lock.js';
import { AnswerJournal } from '../refresh/answer-journal.js';
import { AnswerReplay } from '../refresh/answer-replay.js';
import { ChangeWaiters } from '../refresh/change-waiters.js';
import { EndpointDiscovery } from '../refresh/endpoint-discovery.js';
import { RefreshCoordinator } from '../refresh/refresh-coordinator.js';
import type { RenewalParts } from '../refresh/renewal.js';
import { RenewalAnnouncer } from '../refresh/renewal-announcer.js';
import { SharedPauses } from '../refresh/shared-pauses.js';
import { TokenEndpointClient } from '../refresh/token-endpoint-client.js';
import { UnconfirmedCommits } from '../refresh/unconfirmed-commits.js';
import { Registrations } from '../registrations/registrations.js';
import { MemoryTokenStore } from '../store/memory-token-store.js';
import { systemClock } from '../timing/clock.js';
import { StoreTime } from '../timing/store-time.js';
import { UndiciTokenEndpointTransport } from '../transport/undici-token-endpoint-transport.js';
import type { TokenManagerOptions } from './token-manager-options.js';

/** The parts of a token manager, wired. @internal */
export interface Engine extends RenewalParts {
  readonly registrations: Registrations;
  readonly coordinator: RefreshCoordinator;
  readonly replay: AnswerReplay;
  readonly events: TokenEvents;
  /** Closes what was not handed in. */
  close(): Promise<void>;
}

/** Wires the parts, filling in what was not given. @internal */
export function buildEngine(options: TokenManagerOptions): Engine {
  const clock = options.clock ?? systemClock;
  const registrations = new Registrations(options.registrations, clock);
  const store = options.store ?? new MemoryTokenStore(clock);
  const lock = options.lock ?? new LocalRefreshLock(clock);
  const transport = options.transport ?? new UndiciTokenEndpointTransport(clock);
  const random = options.random ?? Math.random;
  const events = new TokenEvents();
  const time = new StoreTime(clock, () => store.time());
  const announcer = new RenewalAnnouncer(events, time);
  const known = new KnownRecords({ store, registrations, announcer, time, clock });
  const spill =
    options.spill === false ? NO_JOURNAL : (options.spill ?? defaultJournal(store, clock));
  const journal = new AnswerJournal(spill, store, clock);
  const parts: RenewalParts = {
    store,
    lock,
    endpoint: new TokenEndpointClient(
      transport,
      new EndpointDiscovery(transport, clock),
      time,
      clock,
    ),
    pauses: new SharedPauses(store, time, clock),
    announcer,
    known,
    unconfirmed: new UnconfirmedCommits(clock, random),
    journal,
    time,
    clock,
    random,
    owner: `${hostname()}/${process.pid}/${randomUUID().slice(0, 8)}`,
  };
  const waiters = new ChangeWaiters(store, clock);
  const coordinator = new RefreshCoordinator(parts, registrations, waiters);
  const replay = new AnswerReplay(parts, registrations);
  const own = [
    options.transport === undefined ? transport : undefined,
    options.lock === undefined ? lock : undefined,
    options.spill === undefined ? spill : undefined,
    options.store === undefined ? store : undefined,
  ];
  const close = async (): Promise<void> => {
    waiters.close();
    journal.end();
    await known.close();
    for (const part of own) await part?.close();
  };
  return { ...parts, registrations, coordinator, replay, events, close };
}
