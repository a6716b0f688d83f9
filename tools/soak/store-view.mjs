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

/** A claim moves a record's place in the index ahead by seconds; the record itself does not know. */
const CLAIM_SHOWS_MS = 1_000;

/**
 * Looks at all records at one moment.
 *
 * @param {Pick<import('../redis/index.mjs').RedisProcess, 'cli'>} redis
 * @param {string} prefix
 * @returns {Promise<RecordView[]>}
 * @throws an Error when a record is not as this script knows records
 */
export async function viewStore(redis, prefix) {
  const rows = /** @type {string[][]} */ (await redis.cli('EVAL', LOOK, 0, prefix));
  return rows.map(([id = '', score = '', meta = '']) => {
    const { state } = JSON.parse(meta);
    if (typeof state?.version !== 'number' || !('scheduledAt' in state)) {
      throw new Error(`The record ${id} has another format: ${Object.keys(state ?? {})}`);
    }
    const scheduledAt = state.scheduledAt ?? Infinity;
    const owner = state.intent?.owner;
    const claimed = owner === undefined && Number(score) > scheduledAt + CLAIM_SHOWS_MS;
    return { id, version: state.version, offeredAt: Number(score), claimed, owner };
  });
}
