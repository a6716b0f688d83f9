import { createRequire } from 'node:module';
import { join } from 'node:path';

import { repositoryRoot } from '../process/repository-root.mjs';

/**
 * What the store says of one record.
 *
 * @typedef {object} RecordView
 * @property {string} id
 * @property {number} version
 * @property {number} offeredAt when the due index offers it next, epoch ms
 * @property {boolean} claimed it was taken from the index and nothing came of that yet
 * @property {string | undefined} owner whose token request is announced
 */

/** The part of the client that is used here. @typedef {{ callBuffer(...command: unknown[]): Promise<unknown>, disconnect(): void }} Client */

/** Every member of every due index, with its score and the plain part of its record. */
const LOOK = `
local found = {}
for _, index in ipairs(redis.call('KEYS', ARGV[1] .. ':{*}:due')) do
  local entries = redis.call('ZRANGE', index, 0, -1, 'WITHSCORES')
  for i = 1, #entries, 2 do
    local record = string.sub(index, 1, -4) .. 'r:' .. entries[i]
    found[#found + 1] = { entries[i], entries[i + 1], redis.call('HGET', record, 'm') or '' }
  end
end
return found
`;

/** A claim moves a record's place in the index ahead by a second or more; the record itself does not know. */
const CLAIM_SHOWS_MS = 500;

/** Connects with the demo's own client. @param {string} url @returns {Client} */
export function connectView(url) {
  const { Redis } = createRequire(join(repositoryRoot, 'apps/demo/package.json'))('ioredis');
  return new Redis(url);
}

/**
 * Looks at all records at one moment.
 *
 * @param {Client} client
 * @param {string} prefix
 * @returns {Promise<RecordView[]>}
 * @throws an Error when a record is not as this script knows records
 */
export async function viewStore(client, prefix) {
  const rows = /** @type {Buffer[][]} */ (await client.callBuffer('EVAL', LOOK, 0, prefix));
  return rows.map(([id, score, meta]) => toView(String(id), Number(String(score)), meta));
}

/** @param {string} id @param {number} offeredAt @param {Buffer} [meta] @returns {RecordView} */
function toView(id, offeredAt, meta = Buffer.of()) {
  const { version, scheduledAt, intent } = JSON.parse(String(meta));
  if (typeof version !== 'number' || scheduledAt === undefined) {
    throw new Error(`The record ${id} has another format`);
  }
  const due = scheduledAt ?? Infinity;
  const claimed = intent === undefined && offeredAt > due + CLAIM_SHOWS_MS;
  return { id, version, offeredAt, claimed, owner: intent?.owner };
}
