import type { JournalDisk } from './journal-disk.js';
import { JournalFile } from './journal-file.js';
import { confirmRecord, entryRecord, journalHeader, reasonRecord } from './journal-format.js';
import { journalName } from './journal-names.js';
import { describeThisProcess } from './journal-owner.js';
import { encodeRecords, type JournalRecord } from './journal-record.js';
import type { JournalEntry } from './spill-journal.js';
import { failedOn, type SpillJournalError } from './spill-journal-error.js';
import { type Waiting, waitingFor } from './waiting-entry.js';

/** Confirmed bytes that are not worth a new file. */
const COMPACT_FROM_BYTES = 1024 * 1024;

/**
 * The entries of this process and the one file that they are in. All work on the file is done one thing after the other.
 *
 * A file in doubt (an fsync failed, or somebody took it) is never mended: a new one is written with all that waits, and the
 * old one is deleted after that. So it is with a file that is mostly confirmed.
 *
 * @internal
 */
export class JournalWriter {
  readonly #waiting = new Map<string, Waiting>();
  readonly #header = journalHeader(describeThisProcess());
  #queue: Waiting[] = [];
  #confirmed: JournalRecord[] = [];
  #bytes = 0;
  #sequence = 0;
  #file: JournalFile | undefined;
  #aside: JournalFile | undefined;
  #inDoubt = false;
  #failing = false;
  #last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly folder: string,
    private readonly instance: string,
    private readonly disk: JournalDisk,
  ) {}

  /** Whether there is a file, and the last write succeeded. */
  get healthy(): boolean {
    return this.#file !== undefined && !this.#inDoubt && !this.#failing;
  }

  get length(): number {
    return this.#waiting.size;
  }

  /** How many bytes of entries wait. */
  get bytes(): number {
    return this.#bytes;
  }

  has(id: string): boolean {
    return this.#waiting.has(id);
  }

  /** Opens the first file, or looks after the present one: shows that its owner lives, or replaces it. */
  tend(now: number): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#file !== undefined && this.healthy && (await this.#file.isInPlace())) {
        await this.#file.touch(now);
      } else {
        await this.#replaceFile();
      }
    });
  }

  append(entry: JournalEntry): Promise<void> {
    const known = this.#waiting.get(entry.id);
    if (known) return known.kept;
    const waiting = waitingFor(entry);
    this.#waiting.set(entry.id, waiting);
    this.#bytes += waiting.length;
    if (this.#queue.push(waiting) === 1) void this.#inTurn(() => this.#writeQueue());
    return waiting.kept;
  }

  /** Answers whether something is left to be written. */
  confirm(id: string): boolean {
    const waiting = this.#waiting.get(id);
    if (!waiting) return false;
    this.#drop(waiting);
    if (waiting.sent) this.#confirmed.push(confirmRecord(id));
    return waiting.sent;
  }

  /** Writes what was confirmed, without waiting for the disk; never rejects. */
  flush(): Promise<void> {
    return this.#inTurn(() => this.#writeConfirmed()).catch(() => undefined);
  }

  find(id: string): JournalEntry | undefined {
    return this.#waiting.get(id)?.entry;
  }

  /** Writes an entry to the file of those that a person has to look at. */
  putAside(entry: JournalEntry, reason: string): Promise<void> {
    return this.#inTurn(async () => {
      const aside = this.#aside;
      this.#aside = undefined;
      const records = [reasonRecord(entry.id, reason), entryRecord(entry)];
      try {
        if (aside !== undefined && (await appendsTo(aside, records))) this.#aside = aside;
        else this.#aside = await this.#create('quarantine', records);
      } catch (error) {
        throw failedOn(error);
      } finally {
        if (this.#aside !== aside) await aside?.close();
      }
    });
  }

  /** Leaves the file to others when something waits in it, and deletes it otherwise; never rejects. */
  async close(): Promise<void> {
    await this.flush();
    await this.#inTurn(async () => {
      if (this.#waiting.size === 0) await this.#file?.remove();
      else await this.#file?.release();
      this.#file = undefined;
      await this.#aside?.close();
    });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined);
    return done;
  }

  #drop(waiting: Waiting): void {
    if (this.#waiting.get(waiting.entry.id) !== waiting) return;
    this.#waiting.delete(waiting.entry.id);
    this.#bytes -= waiting.length;
  }

  /** Everything that was appended while the write before was under way, with one write and one fsync. */
  async #writeQueue(): Promise<void> {
    const queue = this.#queue;
    this.#queue = [];
    // What the store has confirmed meanwhile needs no place here.
    const batch = queue.filter((waiting) => this.#waiting.get(waiting.entry.id) === waiting);
    for (const waiting of batch) waiting.sent = true;
    let error: SpillJournalError | undefined;
    try {
      if (batch.length > 0) await this.#keep(batch);
    } catch (failure) {
      error = failedOn(failure);
      for (const waiting of batch) this.#drop(waiting);
    }
    for (const waiting of queue) waiting.settle(error);
  }

  async #keep(batch: readonly Waiting[]): Promise<void> {
    if (this.#file === undefined || this.#inDoubt) return this.#replaceFile();
    if (this.#isMostlyConfirmed(this.#file) && (await this.#tryToReplaceFile())) return;
    await this.#write(
      this.#file,
      batch.map(({ record }) => record),
    );
    if (await this.#file.isInPlace()) return;
    this.#inDoubt = true;
    await this.#replaceFile();
  }

  #isMostlyConfirmed(file: JournalFile): boolean {
    const confirmedBytes = file.size - this.#bytes;
    return confirmedBytes > COMPACT_FROM_BYTES && confirmedBytes > this.#bytes;
  }

  /** Records, and what was confirmed since the last. */
  async #write(
    file: JournalFile,
    records: readonly JournalRecord[],
    durable = true,
  ): Promise<void> {
    const confirmed = this.#confirmed;
    this.#confirmed = [];
    const failure = await file.append(encodeRecords([...confirmed, ...records]), durable);
    this.#failing = failure !== undefined;
    if (failure === undefined) return;
    this.#inDoubt = !failure.intact;
    this.#confirmed = [...confirmed, ...this.#confirmed];
    throw failure.error;
  }

  async #writeConfirmed(): Promise<void> {
    if (this.#file === undefined) return;
    if (this.#waiting.size === 0) {
      if (!this.#file.hasRecords) return;
      this.#confirmed = [];
      await this.#file.truncate();
    } else if (this.#confirmed.length > 0 && !this.#inDoubt) {
      await this.#write(this.#file, [], false);
    }
  }

  /** Where there is no room for another file, the present one still serves. */
  async #tryToReplaceFile(): Promise<boolean> {
    try {
      await this.#replaceFile();
      return true;
    } catch {
      return false;
    }
  }

  async #replaceFile(): Promise<void> {
    const confirmed = this.#confirmed;
    this.#confirmed = [];
    try {
      const next = await this.#create('journal', this.#allSent());
      const old = this.#file;
      this.#file = next;
      this.#inDoubt = false;
      this.#failing = false;
      await old?.remove();
    } catch (error) {
      this.#failing = true;
      this.#confirmed = [...confirmed, ...this.#confirmed];
      throw error;
    }
  }

  #allSent(): readonly JournalRecord[] {
    return [...this.#waiting.values()].filter(({ sent }) => sent).map(({ record }) => record);
  }

  #create(kind: 'journal' | 'quarantine', records: readonly JournalRecord[]): Promise<JournalFile> {
    this.#sequence += 1;
    const name = journalName(this.instance, this.#sequence, kind);
    return JournalFile.create(this.folder, name, this.#header, encodeRecords(records), this.disk);
  }
}

/** Whether the records are in the file for whoever looks for them: somebody may have taken it away, or its folder. */
async function appendsTo(file: JournalFile, records: readonly JournalRecord[]): Promise<boolean> {
  const failure = await file.append(encodeRecords(records), true);
  if (failure) throw failure.error;
  return file.isInPlace();
}
