import { readdir } from 'node:fs/promises';
import { type Candidate, candidates } from './journal-names.js';
import type { JournalWriter } from './journal-writer.js';
import { type Claimed, claimOrphan } from './orphan-file.js';
import type { JournalEntry, JournalStart } from './spill-journal.js';

/** An adopted entry, and the file that it is in. */
interface Adopted {
  readonly entry: JournalEntry;
  readonly file: Claimed;
}

/**
 * The files of dead processes that this one has adopted. They are not copied, so that a full disk is no obstacle: a file
 * keeps its entries until the last of them is confirmed.
 *
 * @internal
 */
export class OrphanAdoption {
  readonly #adopted = new Map<string, Adopted>();
  /** How many entries of a file wait. */
  readonly #files = new Map<Claimed, number>();
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
    return this.#adopted.get(id)?.entry;
  }

  /** Adopts all that can be had now; never rejects. */
  async run(now: number): Promise<JournalStart> {
    const entries: JournalEntry[] = [];
    const warnings: string[] = [];
    // Twice: what a process was adopting when it died comes free once its own journal is adopted.
    for (let round = 0; round < 2; round += 1) {
      for (const candidate of candidates(await this.#names(), this.instance)) {
        const file = await this.#claim(candidate, now);
        if (file === undefined) continue;
        entries.push(...this.#keep(file));
        warnings.push(...this.#warnOnce(file.warning));
      }
    }
    return { entries, warnings };
  }

  /** Answers whether the entry was adopted. */
  confirm(id: string): boolean {
    const adopted = this.#adopted.get(id);
    if (adopted === undefined) return false;
    this.#adopted.delete(id);
    const left = (this.#files.get(adopted.file) ?? 1) - 1;
    this.#files.set(adopted.file, left);
    if (left === 0) this.#discard(adopted.file);
    return true;
  }

  /** Leaves to others what was not confirmed; never rejects. */
  async release(): Promise<void> {
    await this.#tidied;
    for (const file of this.#files.keys()) await file.giveBack().catch(() => undefined);
    this.#files.clear();
    this.#adopted.clear();
  }

  /** A folder that cannot be read shows in the journal's own file, which cannot be written then. */
  async #names(): Promise<readonly string[]> {
    return readdir(this.folder).catch(() => []);
  }

  #claim(candidate: Candidate, now: number): Promise<Claimed | undefined> {
    let { bytes } = this.writer;
    for (const file of this.#files.keys()) bytes += file.bytes;
    // What does not fit is left for later, but never for ever: where nothing waits, any file fits.
    const room = bytes === 0 ? Infinity : this.maxBytes - bytes;
    return claimOrphan(candidate, { folder: this.folder, instance: this.instance, now, room });
  }

  #keep(file: Claimed): readonly JournalEntry[] {
    const entries = file.entries.filter(({ id }) => !this.writer.has(id) && !this.#adopted.has(id));
    for (const entry of entries) this.#adopted.set(entry.id, { entry, file });
    this.#files.set(file, entries.length);
    if (entries.length === 0) this.#discard(file);
    return entries;
  }

  /** When the file stays, its entries are replayed once more, which changes nothing. */
  #discard(file: Claimed): void {
    this.#files.delete(file);
    this.#tidied = Promise.all([this.#tidied, file.discard().catch(() => undefined)]);
  }

  #warnOnce(warning: string | undefined): readonly string[] {
    if (warning === undefined || this.#warned.has(warning)) return [];
    this.#warned.add(warning);
    return [warning];
  }
}
