import { entry, idsOf } from '../../test/journal-folder.js';
import { confirmRecord, entryRecord, journalHeader, readJournal } from './journal-format.js';
import { encodeRecords, recordLength } from './journal-record.js';

const OWNER = '1 2 somewhere';
const header = journalHeader(OWNER);

function file(...ids: readonly string[]): Buffer {
  return Buffer.concat([header, encodeRecords(ids.map((id) => entryRecord(entry(id, 9))))]);
}

describe('the format of a journal file', () => {
  it('gives back what was written', () => {
    const written = [entry('a', 0), { ...entry('b', 5_000), context: 'ünïcode' }];
    const bytes = Buffer.concat([header, encodeRecords(written.map(entryRecord))]);
    expect(readJournal(bytes)).toEqual({
      foreignVersion: false,
      owner: OWNER,
      entries: written,
      goodLength: bytes.length,
    });
  });

  it('says how long a record is', () => {
    const record = entryRecord(entry('ü', 77));
    expect(encodeRecords([record])).toHaveLength(recordLength(record));
  });

  it('does not give back what was confirmed, unless it came again', () => {
    const records = [
      entryRecord(entry('a')),
      entryRecord(entry('b')),
      confirmRecord('a'),
      confirmRecord('b'),
      entryRecord(entry('b')),
    ];
    const { entries } = readJournal(Buffer.concat([header, encodeRecords(records)]));
    expect(idsOf(entries)).toEqual(['b']);
  });

  it('fault 15: believes the whole records of a file that was cut off at any byte', () => {
    const whole = file('a', 'b');
    const lastStart = file('a').length;
    for (let length = lastStart; length < whole.length; length += 1) {
      const { entries, goodLength } = readJournal(whole.subarray(0, length));
      expect([idsOf(entries), goodLength]).toEqual([['a'], lastStart]);
    }
  });

  it('believes nothing from a damaged byte on, wherever it is', () => {
    const whole = file('a', 'b', 'c');
    const ends = [file('a').length, file('a', 'b').length, whole.length];
    for (let at = 0; at < whole.length; at += 1) {
      for (const flip of [0x01, 0x80, 0xff]) {
        const damaged = Buffer.from(whole);
        damaged.writeUInt8(damaged.readUInt8(at) ^ flip, at);
        const { entries, goodLength } = readJournal(damaged);
        const intact = at < header.length ? 0 : ends.filter((end) => end <= at).length;
        expect([at, idsOf(entries)]).toEqual([at, ['a', 'b', 'c'].slice(0, intact)]);
        expect(goodLength).toBeLessThanOrEqual(at);
      }
    }
  });

  it('takes a tail of zeros, as a power failure leaves it, for damaged', () => {
    const whole = file('a');
    const { entries, goodLength } = readJournal(Buffer.concat([whole, Buffer.alloc(4_096)]));
    expect([idsOf(entries), goodLength]).toEqual([['a'], whole.length]);
  });

  it('does not judge a file of another version', () => {
    const later = Buffer.from(
      file('a').toString('latin1').replace('journal 1', 'journal 2'),
      'latin1',
    );
    expect(readJournal(later)).toMatchObject({ foreignVersion: true, entries: [] });
    expect(readJournal(Buffer.from('something else'))).toMatchObject({ foreignVersion: false });
  });
});
