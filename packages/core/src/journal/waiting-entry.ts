import { entryRecord } from './journal-format.js';
import { type JournalRecord, recordLength } from './journal-record.js';
import type { JournalEntry } from './spill-journal.js';
import type { SpillJournalError } from './spill-journal-error.js';

/** An entry that was not confirmed yet. @internal */
export interface Waiting {
  readonly record: JournalRecord;
  readonly entry: JournalEntry;
  readonly length: number;
  /** Whether it was given to the disk. */
  sent: boolean;
  /** Settles with the write that carries it. */
  readonly kept: Promise<void>;
  readonly settle: (error?: SpillJournalError) => void;
}

/** An entry that has just come. @internal */
export function waitingFor(entry: JournalEntry): Waiting {
  let settle: Waiting['settle'] = () => undefined;
  const kept = new Promise<void>((resolve, reject) => {
    settle = (error) => {
      if (error) reject(error);
      else resolve();
    };
  });
  const record = entryRecord(entry);
  return { record, entry, length: recordLength(record), sent: false, kept, settle };
}
