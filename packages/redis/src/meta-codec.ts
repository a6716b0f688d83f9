import type { RecordState } from '@oauth-token/core';
import { deflateRawSync, inflateRawSync } from 'node:zlib';

/** A state without its bodies. @internal */
export type PlainState = Omit<RecordState<never>, 'body' | 'siblings'> & {
  readonly siblings: readonly Omit<RecordState<never>['siblings'][number], 'body'>[];
};

/** The format of records; a process that meets a newer one leaves the record alone. */
export const RECORD_FORMAT = 1;

/** As it is kept: histories as text, since every record has them. */
interface Packed extends Omit<PlainState, 'answers' | 'spentFingerprints'> {
  readonly format: number;
  readonly answers: string;
  readonly spent: string;
}

/** A longer text is deflated, behind this byte. */
const DEFLATED = 0x7a;
const LONG = 600;
const MOST_BYTES = 1024 * 1024;

/** Members that may be infinite, which JSON cannot say. */
const MAY_BE_INFINITE = new Set(['scheduledAt', 'dueAt']);

const toJson = (name: string, value: unknown): unknown =>
  MAY_BE_INFINITE.has(name) && value === Infinity ? null : value;

const fromJson = (name: string, value: unknown): unknown =>
  MAY_BE_INFINITE.has(name) && value === null ? Infinity : value;

/** The state without its bodies as it is kept: JSON, deflated once it is long. @internal */
export function encodeMeta({ answers, spentFingerprints, ...plain }: PlainState): Buffer {
  const packed: Packed = {
    format: RECORD_FORMAT,
    ...plain,
    answers: answers.map(({ intentId, answer }) => `${intentId} ${answer}`).join(','),
    spent: spentFingerprints.join(','),
  };
  const text = Buffer.from(JSON.stringify(packed, toJson));
  if (text.length < LONG) return text;
  return Buffer.concat([Buffer.of(DEFLATED), deflateRawSync(text, { level: 1 })]);
}

/** The state, or nothing when this is not ours or of another format. @internal */
export function decodeMeta(bytes: Buffer | undefined): PlainState | undefined {
  if (bytes === undefined) return undefined;
  try {
    const packed = JSON.parse(textOf(bytes), fromJson) as Partial<Packed> | null;
    const ours = packed?.format === RECORD_FORMAT && typeof packed.version === 'number';
    return ours ? unpack(packed as Packed) : undefined;
  } catch {
    return undefined;
  }
}

function textOf(bytes: Buffer): string {
  if (bytes[0] !== DEFLATED) return bytes.toString();
  return inflateRawSync(bytes.subarray(1), { maxOutputLength: MOST_BYTES }).toString();
}

function unpack(packed: Packed): PlainState {
  const { answers, spent, ...plain } = packed;
  const state = {
    ...plain,
    answers: listOf(answers).map((entry) => {
      const [intentId = '', answer = ''] = entry.split(' ');
      return { intentId, answer };
    }),
    spentFingerprints: listOf(spent),
  };
  Reflect.deleteProperty(state, 'format');
  return state;
}

const listOf = (text: string): string[] => (text === '' ? [] : text.split(','));
