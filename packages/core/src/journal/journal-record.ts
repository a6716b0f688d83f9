import { crc32 } from 'node:zlib';

const TYPES = ['owner', 'entry', 'confirm', 'reason'] as const;

/**
 * What a record says: `owner` (who writes the file, its first record), `entry` (a sealed answer), `confirm` (the entry of
 * this id is done), `reason` (why the entry after it was quarantined).
 *
 * @internal
 */
export type JournalRecordType = (typeof TYPES)[number];

/** One record of a journal file. @internal */
export interface JournalRecord {
  readonly type: JournalRecordType;
  readonly id: string;
  readonly context: string;
  readonly payload: Uint8Array;
}

/** Records up to the first that is not whole, and where that one begins. @internal */
export interface ReadRecords {
  readonly records: readonly JournalRecord[];
  readonly goodLength: number;
}

/** Before each record: the length of its body and the CRC-32 of it (ISO-HDLC, as in zlib), big-endian. */
const FRAME_BYTES = 8;

/** The body's front: type (u8), the lengths of id and context (u16 each). */
const FRONT_BYTES = 5;

/** The longest id or context that fits, bytes of UTF-8. @internal */
export const LONGEST_NAME_BYTES = 0xff_ff;

/** How many bytes a record takes in a file. @internal */
export function recordLength({ id, context, payload }: JournalRecord): number {
  const names = Buffer.byteLength(id) + Buffer.byteLength(context);
  return FRAME_BYTES + FRONT_BYTES + names + payload.byteLength;
}

function writeRecord(target: Buffer, start: number, record: JournalRecord): number {
  const body = start + FRAME_BYTES;
  let at = body + FRONT_BYTES;
  const idLength = target.write(record.id, at);
  at += idLength;
  const contextLength = target.write(record.context, at);
  at += contextLength;
  target.set(record.payload, at);
  at += record.payload.byteLength;
  target.writeUInt8(TYPES.indexOf(record.type), body);
  target.writeUInt16BE(idLength, body + 1);
  target.writeUInt16BE(contextLength, body + 3);
  target.writeUInt32BE(at - body, start);
  target.writeUInt32BE(crc32(target.subarray(body, at)), start + 4);
  return at;
}

/** Records as one run of bytes, so that a batch costs one write. @internal */
export function encodeRecords(records: readonly JournalRecord[]): Buffer {
  let length = 0;
  for (const record of records) length += recordLength(record);
  const target = Buffer.allocUnsafe(length);
  let at = 0;
  for (const record of records) at = writeRecord(target, at, record);
  return target;
}

function readBody(body: Buffer): JournalRecord | undefined {
  const type = TYPES[body.readUInt8(0)];
  const idEnd = FRONT_BYTES + body.readUInt16BE(1);
  const contextEnd = idEnd + body.readUInt16BE(3);
  if (type === undefined || contextEnd > body.length) return undefined;
  return {
    type,
    id: body.toString('utf8', FRONT_BYTES, idEnd),
    context: body.toString('utf8', idEnd, contextEnd),
    payload: body.subarray(contextEnd),
  };
}

function readRecord(
  bytes: Buffer,
  start: number,
): { record: JournalRecord; end: number } | undefined {
  const body = start + FRAME_BYTES;
  if (body + FRONT_BYTES > bytes.length) return undefined;
  const end = body + bytes.readUInt32BE(start);
  if (end < body + FRONT_BYTES || end > bytes.length) return undefined;
  const content = bytes.subarray(body, end);
  if (crc32(content) !== bytes.readUInt32BE(start + 4)) return undefined;
  const record = readBody(content);
  return record && { record, end };
}

/**
 * Reads records from `start` on, up to the first that is torn or damaged: nothing behind that one is guessed at.
 *
 * @internal
 */
export function readRecords(bytes: Buffer, start: number): ReadRecords {
  const records: JournalRecord[] = [];
  let goodLength = start;
  for (;;) {
    const read = readRecord(bytes, goodLength);
    if (read === undefined) return { records, goodLength };
    records.push(read.record);
    goodLength = read.end;
  }
}
