import { type RecordBody, type RecordState, SealError } from '@oauth-token/core';
import { decodeMeta, encodeMeta } from './meta-codec.js';

/** A body as it is kept, and what it says once it was opened: opening costs more than keeping both. @internal */
export interface SealedBody {
  readonly sealed: Buffer;
  opened?: RecordBody;
}

/** A record as it was read: its state, and the revision that the next write has to be based on. @internal */
export interface StoredState {
  readonly revision: string;
  readonly state: RecordState<SealedBody>;
}

/** The names of those fields. @internal */
export const FIELD = {
  revision: 'rev',
  meta: 'm',
  body: 'b',
  sibling: 's',
} as const;

/**
 * The fields to set and to delete that lead from one state to the next. Bodies that stay are not sent again.
 *
 * @internal
 */
export function encodeChange(
  before: RecordState<SealedBody> | undefined,
  after: RecordState<SealedBody>,
): { readonly set: readonly (string | Buffer)[]; readonly remove: readonly string[] } {
  const { body, siblings } = after;
  const set: (string | Buffer)[] = [FIELD.meta, encodeMeta(after)];
  const remove: string[] = [];
  if (body !== undefined && body !== before?.body) set.push(FIELD.body, body.sealed);
  siblings.forEach((sibling, index) => {
    if (sibling.body !== before?.siblings[index]?.body) {
      set.push(`${FIELD.sibling}${index}`, sibling.body.sealed);
    }
  });
  if (before?.body !== undefined && body === undefined) remove.push(FIELD.body);
  for (let index = siblings.length; index < (before?.siblings.length ?? 0); index += 1) {
    remove.push(`${FIELD.sibling}${index}`);
  }
  return { set, remove };
}

/**
 * Reads the fields of a record's hash, as they were answered: names and values in turn.
 *
 * @throws {@link SealError} `malformed` for a hash that is no record of ours, or of a newer format: it is left as it is
 * @internal
 */
export function decodeRecord(reply: readonly Buffer[]): StoredState | undefined {
  if (reply.length === 0) return undefined;
  const fields = fieldsOf(reply);
  const revision = fields[FIELD.revision]?.toString();
  const meta = decodeMeta(fields[FIELD.meta]?.toString());
  if (revision === undefined || meta === undefined) throw new SealError('malformed');
  const sealed = fields[FIELD.body];
  const siblings = meta.siblings.flatMap((sibling, index) => {
    const bytes = fields[`${FIELD.sibling}${index}`];
    return bytes === undefined ? [] : [{ ...sibling, body: { sealed: bytes } }];
  });
  const state = { ...meta, siblings };
  return { revision, state: sealed === undefined ? state : { ...state, body: { sealed } } };
}

function fieldsOf(reply: readonly Buffer[]): Readonly<Record<string, Buffer | undefined>> {
  const fields: Record<string, Buffer | undefined> = {};
  for (let index = 0; index < reply.length; index += 2) {
    fields[String(reply[index])] = reply[index + 1];
  }
  return fields;
}
