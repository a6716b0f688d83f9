import { type JournalStart, SpillJournal } from './spill-journal.js';
import { SpillJournalError } from './spill-journal-error.js';

const NOTHING: JournalStart = { entries: [], warnings: [] };

class NoSpillJournal extends SpillJournal {
  override readonly writable = false;
  override readonly length = 0;

  override start(): Promise<JournalStart> {
    return Promise.resolve(NOTHING);
  }

  override adoptOrphans(): Promise<JournalStart> {
    return Promise.resolve(NOTHING);
  }

  override append(): Promise<void> {
    return Promise.reject(new SpillJournalError('not_writable', 'it is switched off'));
  }

  override confirm(): void {
    // Nothing waits.
  }

  override quarantine(): Promise<void> {
    return Promise.resolve();
  }

  override close(): Promise<void> {
    return Promise.resolve();
  }
}

/**
 * The journal of those who want none: it is never writable and keeps nothing.
 *
 * @public
 */
export const NO_JOURNAL: SpillJournal = new NoSpillJournal();
