import { readdir } from 'node:fs/promises';
import { type Candidate, candidates } from './journal-names.js';
import type { JournalWriter } from './journal-writer.js';
import { type Claimed, claimOrphan, type EntryFilter } from './orphan-file.js';
import type { JournalEntry, JournalStart } from './spill-journal.js';

/** A file that is adopted. */
interface Held {
  readonly file: Claimed;
  /** Ids of its entries that were not confirmed yet. */
  readonly waiting: Set<string>;
  /** Whether it also has entries of others. */
  readonly shared: boolean;
}

/**
 * The files of dead processes that this one has adopted. They are not copied, so that a full disk is no obstacle: a file
 * keeps its entries until the last of them is confirmed, also those that are known from elsewhere, since nobody knows
 * whether elsewhere is still on the disk. One with entries of others is given back after that.
 *
 * @internal
 */
export class OrphanAdoption {
  readonly #adopted = new Map<string, JournalEntry>();
  /** By name: one that somebody else took and lost is the same file when it comes back. */
  readonly #files = new Map<string, Held>();
  /** Ids of confirmed entries whose file was given back. */
  readonly #done = new Set<string>();
  readonly #warned = new Set<string>();
  #tidied: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly folder: string,
    private readonly instance: string,
    private readonly writer: JournalWriter,
    private readonly maxBytes: number,
  ) {}

  /** How many entries wait. */
  get length(): number {
    return this.#adopted.size;
  }

  find(id: string): JournalEntry | undefined {
    return this.#adopted.get(id);
  }

  /** Adopts all that can be had now and is of use; never rejects. */
  async run(now: number, isUseful: EntryFilter): Promise<JournalStart> {
    const entries: JournalEntry[] = [];
    const warnings: string[] = [];
    const isMine: EntryFilter = (entry) => !this.#done.has(entry.id) && isUseful(entry);
    // Twice: what a process was adopting when it died comes free once its own journal is adopted.
    for (let round = 0; round < 2; round += 1) {
      for (const candidate of candidates(await this.#names(), this.instance)) {
        const file = await this.#claim(candidate, now, isMine);
        if (file === undefined) continue;
        entries.push(...this.#keep(file, isMine));
        warnings.push(...this.#warnOnce(file.warning));
      }
    }
    return { entries, warnings };
  }

  /** The store has the entry, whichever files it is in. */
  confirm(id: string): void {
    this.#adopted.delete(id);
    for (const held of this.#files.values()) {
      if (!held.waiting.delete(id)) continue;
      if (held.shared) this.#done.add(id);
      this.#letGoWhenDone(held);
    }
  }

  /** Leaves to others what was not confirmed; never rejects. */
  async release(): Promise<void> {
    await this.#tidied;
    for (const { file } of this.#files.values()) await file.giveBack().catch(() => undefined);
    this.#files.clear();
    this.#adopted.clear();
  }

  /** A folder that cannot be read shows in the journal's own file, which cannot be written then. */
  async #names(): Promise<readonly string[]> {
    return readdir(this.folder).catch(() => []);
  }

  #claim(candidate: Candidate, now: number, isMine: EntryFilter): Promise<Claimed | undefined> {
    let { bytes } = this.writer;
    for (const { file } of this.#files.values()) bytes += file.bytes;
    // What does not fit is left for later, but never for ever: where nothing waits, any file fits.
    const room = bytes === 0 ? Infinity : this.maxBytes - bytes;
    const { folder, instance } = this;
    return claimOrphan(candidate, { folder, instance, isMine, now, room });
  }

  /** Answers the entries that were not known yet. */
  #keep(file: Claimed, isMine: EntryFilter): readonly JournalEntry[] {
    const mine = file.entries.filter(isMine);
    const waiting = new Set(mine.map(({ id }) => id));
    const shared = file.entries.some(({ id }) => !waiting.has(id) && !this.#done.has(id));
    const held = { file, waiting, shared };
    this.#files.set(file.name, held);
    this.#letGoWhenDone(held);
    const entries = mine.filter(({ id }) => !this.writer.has(id) && !this.#adopted.has(id));
    for (const entry of entries) this.#adopted.set(entry.id, entry);
    return entries;
  }

  /** When the file stays, its entries are replayed once more, which changes nothing. */
  #letGoWhenDone({ file, waiting, shared }: Held): void {
    if (waiting.size > 0) return;
    this.#files.delete(file.name);
    if (!shared) for (const { id } of file.entries) this.#done.delete(id);
    const gone = shared ? file.giveBack() : file.discard();
    this.#tidied = Promise.all([this.#tidied, gone.catch(() => undefined)]);
  }

  #warnOnce(warning: string | undefined): readonly string[] {
    if (warning === undefined || this.#warned.has(warning)) return [];
    this.#warned.add(warning);
    return [warning];
  }
}
