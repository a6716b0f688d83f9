import { resolve } from 'node:path';
import { ConfigurationError } from '../errors/errors.js';
import { type Clock, systemClock, type Timer } from '../timing/clock.js';
import { defaultJournalDirectory } from './default-journal-directory.js';
import { type JournalDisk, systemDisk } from './journal-disk.js';
import { prepareFolder } from './journal-folder.js';
import { entryRecord } from './journal-format.js';
import { newInstance } from './journal-names.js';
import { LONGEST_NAME_BYTES, recordLength } from './journal-record.js';
import { JournalWriter } from './journal-writer.js';
import { OrphanAdoption } from './orphan-adoption.js';
import type { EntryFilter } from './orphan-file.js';
import { type JournalEntry, type JournalStart, SpillJournal } from './spill-journal.js';
import { SpillJournalError, systemCode } from './spill-journal-error.js';

/** Settings of a {@link FileSpillJournal}. @public */
export interface FileSpillJournalOptions {
  /** A folder on a local disk that outlives the process; made when it is missing. @defaultValue {@link defaultJournalDirectory} */
  readonly directory?: string;
  /** How many bytes of entries may wait, in memory and on the disk. @defaultValue 64 MiB */
  readonly maxBytes?: number;
  /** @defaultValue the platform's clock */
  readonly clock?: Clock;
}

const NOTHING: JournalStart = { entries: [], warnings: [] };

const EVERY: EntryFilter = () => true;

const DEFAULT_MAX_BYTES = 64 * 1024 * 1024;

/** How long a confirmation may wait for an append that takes it along, ms. */
const FLUSH_AFTER_MS = 1_000;

/** How often the owner shows that it lives, ms: thrice before anybody doubts it. */
const TEND_EVERY_MS = 5_000;

/**
 * A spill journal in a folder of the local disk: one append-only file per process, which only its owner may read.
 *
 * Files of dead processes are adopted. A process is dead when its id is gone (same boot, same namespace of process ids),
 * or, where that cannot be seen from here, when its file was not touched for 15 s. Taking the file of a process that was
 * only paused does no harm: before an append is confirmed to be kept, its owner looks whether the file is still its own, and
 * writes a new one otherwise. The folder may be shared by the containers of one host; not over NFS, where that look may
 * see the past.
 *
 * @public
 */
export class FileSpillJournal extends SpillJournal {
  readonly #directory: string | undefined;
  readonly #maxBytes: number;
  readonly #clock: Clock;
  readonly #writer: JournalWriter | undefined;
  readonly #adoption: OrphanAdoption | undefined;
  #accepted = false;
  #closed = false;
  #opening: Promise<JournalStart> | undefined;
  #adopting: Promise<unknown> = Promise.resolve();
  #tendTimer: Timer | undefined;
  #flushTimer: Timer | undefined;

  /** @throws {@link ConfigurationError} when `maxBytes` is no positive whole number, or `directory` is empty */
  constructor(options: FileSpillJournalOptions = {}, disk: JournalDisk = systemDisk) {
    super();
    const { maxBytes = DEFAULT_MAX_BYTES, clock = systemClock, directory } = options;
    checkOptions(maxBytes, directory);
    this.#directory = directory === undefined ? defaultJournalDirectory() : resolve(directory);
    this.#maxBytes = maxBytes;
    this.#clock = clock;
    if (this.#directory !== undefined) {
      const instance = newInstance();
      this.#writer = new JournalWriter(this.#directory, instance, disk);
      this.#adoption = new OrphanAdoption(this.#directory, instance, this.#writer, maxBytes);
    }
  }

  override get writable(): boolean {
    return this.#accepted && !this.#closed && this.#writer?.healthy === true;
  }

  override get length(): number {
    return (this.#writer?.length ?? 0) + (this.#adoption?.length ?? 0);
  }

  override start(isMine: EntryFilter = EVERY): Promise<JournalStart> {
    this.#opening ??= this.#open(isMine);
    return this.#opening;
  }

  override adoptOrphans(isMine: EntryFilter = EVERY): Promise<JournalStart> {
    // One after the other: who shares this journal is to be given its own entries, not those of whoever asked first.
    const adopted = this.#adopting.then(() => this.#adoptAll(isMine));
    this.#adopting = adopted.catch(() => undefined);
    return adopted;
  }

  override async append(entry: JournalEntry): Promise<void> {
    const writer = this.#requireWriter();
    const { id, context } = entry;
    if (this.#adoption?.find(id) !== undefined) return;
    if (
      Buffer.byteLength(id) > LONGEST_NAME_BYTES ||
      Buffer.byteLength(context) > LONGEST_NAME_BYTES
    ) {
      throw new SpillJournalError('invalid', 'its id or its context is longer than 65535 bytes');
    }
    if (!writer.has(id) && writer.bytes + recordLength(entryRecord(entry)) > this.#maxBytes) {
      throw new SpillJournalError(
        'full',
        `more than ${this.#maxBytes} bytes would wait for the store`,
      );
    }
    return writer.append(entry);
  }

  override confirm(id: string): void {
    this.#adoption?.confirm(id);
    if (this.#writer?.confirm(id) === true) this.#flushSoon();
  }

  override async quarantine(id: string, reason: string): Promise<void> {
    const writer = this.#requireWriter();
    const entry = this.#adoption?.find(id) ?? writer.find(id);
    if (entry === undefined) return;
    await writer.putAside(entry, reason);
    this.confirm(id);
  }

  override async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#tendTimer?.cancel();
    this.#flushTimer?.cancel();
    await this.#opening;
    await this.#adopting;
    await this.#adoption?.release();
    await this.#writer?.close();
  }

  async #open(isMine: EntryFilter): Promise<JournalStart> {
    const directory = this.#directory;
    const why =
      directory === undefined ? 'this user has no home folder' : await prepareFolder(directory);
    if (why !== undefined || this.#writer === undefined) return refused(directory, why);
    this.#accepted = true;
    this.#tendLater();
    const failure = await this.#writer.tend(this.#clock.now()).then(
      () => [],
      (error: unknown) => [failing(directory, error)],
    );
    const { entries, warnings } = await this.adoptOrphans(isMine);
    return { entries, warnings: [...failure, ...warnings] };
  }

  #requireWriter(): JournalWriter {
    if (this.#closed) throw new SpillJournalError('closed', 'the journal is closed');
    if (this.#writer === undefined || !this.#accepted) {
      throw new SpillJournalError('not_writable', 'there is no folder for it');
    }
    return this.#writer;
  }

  #tendLater(): void {
    if (this.#closed) return;
    this.#tendTimer = this.#clock.setTimer(() => {
      const tended = this.#writer?.tend(this.#clock.now());
      // What went wrong shows in `writable`, and is tried again.
      void tended
        ?.catch(() => undefined)
        .then(() => {
          this.#tendLater();
        });
    }, TEND_EVERY_MS);
  }

  #flushSoon(): void {
    if (this.#closed) return;
    this.#flushTimer ??= this.#clock.setTimer(() => {
      this.#flushTimer = undefined;
      void this.#writer?.flush();
    }, FLUSH_AFTER_MS);
  }

  async #adoptAll(isMine: EntryFilter): Promise<JournalStart> {
    if (!this.#accepted || this.#closed || this.#adoption === undefined) return NOTHING;
    return this.#adoption.run(this.#clock.now(), isMine);
  }
}

function checkOptions(maxBytes: number, directory: string | undefined): void {
  if (!Number.isSafeInteger(maxBytes) || maxBytes <= 0) {
    throw new ConfigurationError([
      { path: 'spill.maxBytes', message: 'must be a whole number of bytes above 0' },
    ]);
  }
  if (directory === '') {
    throw new ConfigurationError([
      { path: 'spill.directory', message: 'must name a folder; leave it out for the default' },
    ]);
  }
}

/** What is at stake without a journal. */
const AT_STAKE =
  'Until it can, a process that dies between an answer of the token endpoint and its commit loses a refresh token.';

const refused = (directory: string | undefined, why: string | undefined): JournalStart => ({
  entries: [],
  warnings: [
    `The spill journal cannot be kept in '${directory ?? 'the default folder'}': ${why ?? 'unknown'}. ${AT_STAKE} ` +
      "Name a folder that is this user's own, such as a new one inside of a volume, or switch the journal off.",
  ],
});

const failing = (directory: string | undefined, error: unknown): string =>
  `The spill journal cannot be written in '${directory ?? ''}' (${systemCode(error)}). ${AT_STAKE} It is tried again every few seconds.`;
