import { encodeRecords, type JournalRecord, readRecords } from './journal-record.js';
import type { JournalEntry } from './spill-journal.js';

const MAGIC = 'oauth-token journal ';
const VERSION = '1\n';
const MARK = Buffer.from(`${MAGIC}${VERSION}`, 'latin1');

const NO_BYTES = new Uint8Array(0);

/** What a journal file holds, as far as it can be read. @internal */
export interface JournalContent {
  /** Another version of this library wrote it: it is not ours to judge. */
  readonly foreignVersion: boolean;
  /** Who wrote it, as `describeThisProcess` said it there. */
  readonly owner: string | undefined;
  /** Entries that were not confirmed, in the order in which they were written. */
  readonly entries: readonly JournalEntry[];
  /** How many bytes from the start are whole; what follows was torn or damaged. */
  readonly goodLength: number;
}

/** The record of an entry. @internal */
export const entryRecord = ({ id, context, sealed }: JournalEntry): JournalRecord => ({
  type: 'entry',
  id,
  context,
  payload: sealed,
});

/** The record that ends an entry. @internal */
export const confirmRecord = (id: string): JournalRecord => ({
  type: 'confirm',
  id,
  context: '',
  payload: NO_BYTES,
});

/** The record that says why the entry behind it was put aside. @internal */
export const reasonRecord = (id: string, reason: string): JournalRecord => ({
  type: 'reason',
  id,
  context: reason,
  payload: NO_BYTES,
});

/** The front of a file: what it is, and who writes it. @internal */
export function journalHeader(owner: string): Buffer {
  const record: JournalRecord = { type: 'owner', id: owner, context: '', payload: NO_BYTES };
  return Buffer.concat([MARK, encodeRecords([record])]);
}

function unconfirmed(records: readonly JournalRecord[]): readonly JournalEntry[] {
  const waiting = new Map<string, JournalEntry>();
  for (const { type, id, context, payload } of records) {
    if (type === 'entry') waiting.set(id, { id, context, sealed: payload });
    if (type === 'confirm') waiting.delete(id);
  }
  return [...waiting.values()];
}

/** Reads a whole file; never throws. @internal */
export function readJournal(bytes: Buffer): JournalContent {
  if (!bytes.subarray(0, MARK.length).equals(MARK)) {
    const foreignVersion = bytes.toString('latin1', 0, MAGIC.length) === MAGIC;
    return { foreignVersion, owner: undefined, entries: [], goodLength: 0 };
  }
  const { records, goodLength } = readRecords(bytes, MARK.length);
  const [first, ...rest] = records;
  // Without its owner's record a file is not as it was written: nothing in it is believed.
  if (first?.type !== 'owner') {
    return { foreignVersion: false, owner: undefined, entries: [], goodLength: 0 };
  }
  return { foreignVersion: false, owner: first.id, entries: unconfirmed(rest), goodLength };
}
