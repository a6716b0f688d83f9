/** One sealed answer that waits for the store's confirmation. @public */
export interface JournalEntry {
  /** The intent that the answer belongs to. */
  readonly id: string;
  /** What it is sealed for, not secret: the record's id. */
  readonly context: string;
  /** The answer as the caller has sealed it; the journal neither seals nor opens. */
  readonly sealed: Uint8Array;
}

/** What a journal found that dead processes have left. @public */
export interface JournalStart {
  /** Adopted now, to be replayed: each is kept until it is confirmed or quarantined. */
  readonly entries: readonly JournalEntry[];
  /** What an operator should know, each in one sentence or two; none holds a secret. */
  readonly warnings: readonly string[];
}

/**
 * Where sealed answers of the token endpoint wait, on this machine, until the store has confirmed them.
 *
 * Implementations: {@link FileSpillJournal}, and {@link NO_JOURNAL} where none is wanted.
 *
 * @public
 */
export abstract class SpillJournal {
  /** Whether appends are kept just now. A journal that lost its disk tries by itself to come back. */
  abstract readonly writable: boolean;
  /** How many entries wait. */
  abstract readonly length: number;
  /**
   * Opens the journal and adopts what dead processes left; those entries are to be replayed. Never rejects: a journal
   * that cannot be kept answers with a warning and is then not `writable`. A second call answers as the first did.
   *
   * @param isMine - whether the caller can make use of an entry; must not throw. What has none of its entries is left to
   *   others who share the journal. @defaultValue every entry
   */
  abstract start(isMine?: (entry: JournalEntry) => boolean): Promise<JournalStart>;
  /**
   * Adopts what processes have left that died since, or that could not be told from living ones before; to be called
   * every now and then. Never rejects.
   *
   * @param isMine - as for {@link SpillJournal.start}; asked again about the same entries with each call
   */
  abstract adoptOrphans(isMine?: (entry: JournalEntry) => boolean): Promise<JournalStart>;
  /**
   * Resolves once the entry is on the disk; appends made meanwhile share one fsync. An id that waits already is not
   * written again. An entry that is confirmed before it was written is not written at all.
   *
   * @throws {@link SpillJournalError} when the entry could not be kept; a later one may be
   */
  abstract append(entry: JournalEntry): Promise<void>;
  /**
   * The store has the answer: the entry is not replayed any more. Returns at once and is written with the next append or
   * within about a second; when that is lost, the entry is replayed once more, which changes nothing.
   */
  abstract confirm(id: string): void;
  /**
   * Moves an entry aside that must never be used again and must not be lost either: it is too far behind, or does not
   * open. `reason` is written beside it and holds no secret. An id that does not wait is left alone.
   *
   * @throws {@link SpillJournalError} when it could not be moved; it waits as before then
   */
  abstract quarantine(id: string, reason: string): Promise<void>;
  /** Writes what is left to write and leaves unconfirmed entries for whoever comes next. Never rejects. */
  abstract close(): Promise<void>;
}
