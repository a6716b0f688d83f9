import { type RecordState, SealError } from '@oauth-token/core';
import { decodeMeta, encodeMeta } from './meta-codec.js';

/** A sealed body as it is kept. @internal */
export type SealedBody = Buffer;

/** A record as it was read: its state, and the revision that the next write has to be based on. @internal */
export interface StoredState {
  readonly revision: string;
  readonly state: RecordState<SealedBody>;
}

/** The fields of a record's hash. @internal */
export const FIELD = { revision: 'rev', meta: 'm', body: 'b', sibling: 's' } as const;

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
  const set: (string | Buffer)[] = [FIELD.meta, encodeMeta({ ...plain, siblings: facts })];
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
  const revision = fields.get(FIELD.revision)?.toString();
  const meta = decodeMeta(fields.get(FIELD.meta));
  if (revision === undefined || meta === undefined) throw new SealError('malformed');
  const body = fields.get(FIELD.body);
  const siblings = meta.siblings.flatMap((sibling, index) => {
    const sealed = fields.get(`${FIELD.sibling}${index}`);
    return sealed === undefined ? [] : [{ ...sibling, body: sealed }];
  });
  const state = { ...meta, siblings };
  return { revision, state: body === undefined ? state : { ...state, body } };
}
