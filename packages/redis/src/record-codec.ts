import { type RecordState, SealError } from '@oauth-token/core';

/** A sealed body as it is kept. @internal */
export type SealedBody = Buffer;

/** A record as it was read: its state, and the revision that the next write has to be based on. @internal */
export interface StoredState {
  readonly revision: number;
  readonly state: RecordState<SealedBody>;
}

/** The fields of a record's hash. @internal */
const FIELD = { revision: 'rev', meta: 'm', body: 'b', sibling: 's' } as const;

/** The format of records; a process that meets a newer one leaves the record alone. */
export const RECORD_FORMAT = 1;

/** A state without its bodies. */
interface Meta {
  readonly format: number;
  readonly state: Omit<RecordState<never>, 'body' | 'siblings'> & {
    readonly siblings: readonly Omit<RecordState<never>['siblings'][number], 'body'>[];
  };
}

/** Members that may be infinite, which JSON cannot say. */
const MAY_BE_INFINITE = new Set(['scheduledAt', 'dueAt']);

const toJson = (name: string, value: unknown): unknown =>
  MAY_BE_INFINITE.has(name) && value === Infinity ? null : value;

const fromJson = (name: string, value: unknown): unknown =>
  MAY_BE_INFINITE.has(name) && value === null ? Infinity : value;

/**
 * The fields to set and to delete that lead from one state to the next. Bodies that stay are not sent again.
 *
 * @internal
 */
export function encodeChange(
  before: RecordState<SealedBody> | undefined,
  after: RecordState<SealedBody>,
): { readonly set: readonly (string | Buffer)[]; readonly remove: readonly string[] } {
  const { body, siblings, ...plain } = after;
  const facts = siblings.map(({ intentId, facts: own }) => ({ intentId, facts: own }));
  const meta: Meta = { format: RECORD_FORMAT, state: { ...plain, siblings: facts } };
  const set: (string | Buffer)[] = [FIELD.meta, JSON.stringify(meta, toJson)];
  if (body !== undefined && body !== before?.body) set.push(FIELD.body, body);
  siblings.forEach((sibling, index) => {
    if (sibling.body !== before?.siblings[index]?.body) {
      set.push(`${FIELD.sibling}${index}`, sibling.body);
    }
  });
  const remove = before?.body !== undefined && body === undefined ? [FIELD.body as string] : [];
  for (let index = siblings.length; index < (before?.siblings.length ?? 0); index += 1) {
    remove.push(`${FIELD.sibling}${index}`);
  }
  return { set, remove };
}

/**
 * Reads the fields of a record's hash.
 *
 * @throws {@link SealError} `malformed` for a hash that is no record of ours, or of a newer format: it is left as it is
 * @internal
 */
export function decodeRecord(fields: ReadonlyMap<string, Buffer>): StoredState | undefined {
  if (fields.size === 0) return undefined;
  const revision = Number(fields.get(FIELD.revision)?.toString());
  const meta = parseMeta(fields.get(FIELD.meta));
  if (!Number.isInteger(revision) || meta === undefined) throw new SealError('malformed');
  const body = fields.get(FIELD.body);
  const siblings = meta.state.siblings.flatMap((sibling, index) => {
    const sealed = fields.get(`${FIELD.sibling}${index}`);
    return sealed === undefined ? [] : [{ ...sibling, body: sealed }];
  });
  const state = { ...meta.state, siblings };
  return { revision, state: body === undefined ? state : { ...state, body } };
}

function parseMeta(text: Buffer | undefined): Meta | undefined {
  if (text === undefined) return undefined;
  try {
    const meta = JSON.parse(text.toString(), fromJson) as Partial<Meta> | null;
    const ours = meta?.format === RECORD_FORMAT && typeof meta.state?.version === 'number';
    return ours ? (meta as Meta) : undefined;
  } catch {
    return undefined;
  }
}
