import {
  currentState,
  MemoryTokenStore,
  type RecordAnswers,
  type RecordBody,
  type RecordCommands,
  type RecordState,
  type RecordVerb,
  reduceRecord,
  type Stored,
  type TokenChange,
  type TokenKey,
  type TokenRecord,
  type TouchCommand,
  touchRecord,
} from '@oauth-token/core';
import type { ManualClock } from '../../src/index.js';
import { away } from './faulty-store.js';

type States = ReadonlyMap<string, RecordState<RecordBody>>;

/** What all processes over one store share. */
class SharedStates {
  states = new Map<string, RecordState<RecordBody>>();
  readonly views = new Set<LosableStore>();

  constructor(readonly first: LosableStore) {}
}

/**
 * A store of several processes that can come back empty or older. Each process has a view of its own, which can be deaf to what others
 * change and be cut off.
 */
export class LosableStore extends MemoryTokenStore {
  /** Whether changes reach this process. */
  hears = true;
  /** Whether the store is out of its reach. */
  isAway = false;
  /** What each read of this process waits for. */
  onRead: () => Promise<void> = () => Promise.resolve();
  reads = 0;
  readonly #shared: SharedStates;
  readonly #listening = new Set<(change: TokenChange) => void>();

  constructor(
    private readonly manualClock: ManualClock,
    shared?: SharedStates,
  ) {
    super(manualClock);
    this.#shared = shared ?? new SharedStates(this);
    this.#shared.views.add(this);
  }

  /** The same store as another process sees it. */
  view(): LosableStore {
    return new LosableStore(this.manualClock, this.#shared);
  }

  /** All that it has now. */
  snapshot(): States {
    return new Map(this.#shared.states);
  }

  /** Comes back as it was, or empty; tells nobody. */
  comeBack(states: States = new Map()): void {
    this.#shared.states = new Map(states);
  }

  /** This process is told that it may have missed changes. */
  loseTrack(): void {
    this.hears = true;
    for (const listener of this.#listening) {
      listener({ id: '', version: 0, kind: 'gap', origin: 'fleet' });
    }
  }

  override idOf(key: TokenKey): string {
    const { first } = this.#shared;
    return first === this ? super.idOf(key) : first.idOf(key);
  }

  override fingerprint(secret: string): string {
    const { first } = this.#shared;
    return first === this ? super.fingerprint(secret) : first.fingerprint(secret);
  }

  override async read(key: TokenKey): Promise<TokenRecord | undefined> {
    this.reads += 1;
    await this.onRead();
    if (this.isAway) throw away();
    return this.#record(key);
  }

  override async touch(key: TokenKey, command: TouchCommand): Promise<void> {
    if (this.isAway) throw away();
    const id = this.idOf(key);
    const state = this.#shared.states.get(id);
    if (state !== undefined) this.#shared.states.set(id, touchRecord(state, command));
    await Promise.resolve();
  }

  override async apply<Verb extends RecordVerb>(
    key: TokenKey,
    verb: Verb,
    command: RecordCommands<RecordBody>[Verb],
  ): Promise<Stored<RecordAnswers[Verb]>> {
    await Promise.resolve();
    if (this.isAway) throw away();
    const id = this.idOf(key);
    const now = this.manualClock.now();
    const before = this.#shared.states.get(id);
    const { state, answer, change } = reduceRecord(before, verb, command, now);
    if (state.version > 0 || state.body !== undefined) this.#shared.states.set(id, state);
    if (change !== undefined) this.#tell({ id, version: state.version, kind: change });
    return { answer, record: toRecord(id, key, state) };
  }

  override async claimDue(options: {
    readonly limit: number;
    readonly leaseMs: number;
  }): Promise<{ readonly records: readonly TokenRecord[] }> {
    await Promise.resolve();
    if (this.isAway) throw away();
    const now = this.manualClock.now();
    const due = [...this.#shared.states].filter(([, { scheduledAt }]) => scheduledAt <= now);
    const records = due.slice(0, options.limit).map(([id, state]) => {
      this.#shared.states.set(id, { ...state, scheduledAt: now + options.leaseMs });
      return toRecord(id, (state.body as RecordBody).key, state);
    });
    return { records };
  }

  override subscribe(listener: (change: TokenChange) => void): () => void {
    this.#listening.add(listener);
    return () => this.#listening.delete(listener);
  }

  #record(key: TokenKey): TokenRecord | undefined {
    const id = this.idOf(key);
    const state = this.#shared.states.get(id);
    return state && toRecord(id, key, currentState(state, this.manualClock.now()));
  }

  #tell(change: Omit<TokenChange, 'origin'>): void {
    for (const view of this.#shared.views) {
      const origin = view === this ? 'local' : 'fleet';
      if (origin === 'fleet' && !view.hears) continue;
      for (const listener of view.#listening) listener({ ...change, origin });
    }
  }
}

function toRecord(id: string, key: TokenKey, state: RecordState<RecordBody>): TokenRecord {
  const { tokens } = state.body ?? {};
  return tokens === undefined ? { id, key, state } : { id, key, tokens, state };
}
