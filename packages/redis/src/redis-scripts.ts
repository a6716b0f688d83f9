import { createHash } from 'node:crypto';

/** A script with the name by which Redis keeps it. @internal */
export interface RedisScript {
  readonly source: string;
  readonly sha: string;
}

const script = (source: string): RedisScript => ({
  source,
  sha: createHash('sha1').update(source).digest('hex'),
});

/**
 * Reads a record, unless it is still at the revision that the reader knows.
 *
 * - KEYS: 1 record (hash)
 * - ARGV: 1 revision that is known ('': none)
 * - answers its fields and values in turn (none: absent), or 1 when nothing has changed
 *
 * @internal
 */
export const READ_RECORD = script(`
if redis.call('HGET', KEYS[1], 'rev') == ARGV[1] then return 1 end
return redis.call('HGETALL', KEYS[1])
`);

/**
 * Writes a record if and only if nobody has written it since it was read: the atomic form of one step of the reducer.
 *
 * A repeated write (a client that sends again after a lost reply) meets another revision and changes nothing. Revisions are drawn, not
 * counted: those of a record that was let go and made anew are never those that somebody remembers.
 *
 * - KEYS: 1 record (hash), 2 due index of its shard (sorted set)
 * - ARGV: 1 expected revision ('': absent), 2 id, 3 score for the index ('-': out of it), 4 time to live in ms ('-': none),
 *   5 channel ('-': nothing to tell), 6 message, 7 number of fields to delete, then those, then field and value in turn; the new
 *   revision is one of them
 * - answers 1 when written, 0 when the record is at another revision
 *
 * @internal
 */
export const WRITE_RECORD = script(`
if (redis.call('HGET', KEYS[1], 'rev') or '') ~= ARGV[1] then return 0 end
local deletes = tonumber(ARGV[7])
for i = 8, 7 + deletes do redis.call('HDEL', KEYS[1], ARGV[i]) end
redis.call('HSET', KEYS[1], unpack(ARGV, 8 + deletes))
if ARGV[4] == '-' then redis.call('PERSIST', KEYS[1]) else redis.call('PEXPIRE', KEYS[1], ARGV[4]) end
if ARGV[3] == '-' then redis.call('ZREM', KEYS[2], ARGV[2]) else redis.call('ZADD', KEYS[2], ARGV[3], ARGV[2]) end
if ARGV[5] ~= '-' then redis.call('PUBLISH', ARGV[5], ARGV[6]) end
return 1
`);

/**
 * Claims what is due in one shard by moving it to the end of the claim: what a crashed process claimed is offered again then.
 *
 * - KEYS: 1 due index of the shard
 * - ARGV: 1 now, 2 end of the claim, 3 most ids
 * - answers the ids, and last the score of the next one that was not claimed ('' when there is none)
 *
 * @internal
 */
export const CLAIM_DUE = script(`
local ids = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[3])
local claimed = {}
for _, id in ipairs(ids) do
  redis.call('ZADD', KEYS[1], ARGV[2], id)
  claimed[id] = true
end
local rest = redis.call('ZRANGE', KEYS[1], 0, #ids, 'WITHSCORES')
local following = ''
for i = 1, #rest, 2 do
  if not claimed[rest[i]] then following = rest[i + 1] break end
end
ids[#ids + 1] = following
return ids
`);

/**
 * Ends claims of one shard earlier. What was written since it was claimed has another time by now, and keeps that.
 *
 * - KEYS: 1 due index of the shard
 * - ARGV: 1 end of the claim as it was made, then id and earlier end in turn
 *
 * @internal
 */
export const SHORTEN_CLAIMS = script(`
local claimed = {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], ARGV[1], ARGV[1])) do claimed[id] = true end
for i = 2, #ARGV, 2 do
  if claimed[ARGV[i]] then redis.call('ZADD', KEYS[1], ARGV[i + 1], ARGV[i]) end
end
`);

/**
 * Takes an id out of the index if its record is gone: somebody may have put it back since it was looked for.
 *
 * - KEYS: 1 record (hash), 2 due index of its shard (sorted set)
 * - ARGV: 1 id
 *
 * @internal
 */
export const UNINDEX_GONE = script(`
if redis.call('EXISTS', KEYS[1]) == 0 then redis.call('ZREM', KEYS[2], ARGV[1]) end
`);

/**
 * Sets a shared value if it is still at a version.
 *
 * - KEYS: 1 the value (hash of v and d)
 * - ARGV: 1 expected version (0: absent), 2 value, 3 time to live in ms
 * - answers 1 when set, 0 when it is at another version
 *
 * @internal
 */
export const CAS_SHARED = script(`
local version = tonumber(redis.call('HGET', KEYS[1], 'v') or '0')
if version ~= tonumber(ARGV[1]) then return 0 end
redis.call('HSET', KEYS[1], 'v', version + 1, 'd', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
`);

/**
 * Writes down what all processes over a store must agree on, the first time, and tells what stands there.
 *
 * - KEYS: 1 settings (list)
 * - ARGV: the settings in order
 * - answers the settings as stored
 *
 * @internal
 */
export const SET_ONCE = script(`
if redis.call('EXISTS', KEYS[1]) == 0 then redis.call('RPUSH', KEYS[1], unpack(ARGV)) end
return redis.call('LRANGE', KEYS[1], 0, -1)
`);

/**
 * Tries every command that the other scripts use, on keys that are gone again afterwards.
 *
 * - KEYS: 1 a hash, 2 a sorted set, 3 a list
 * - ARGV: 1 channel
 * - answers what Redis refuses, as texts that begin with the command
 *
 * @internal
 */
export const TRY_RIGHTS = script(`
local refused = {}
local function try(command, ...)
  local reply = redis.pcall(command, ...)
  if type(reply) == 'table' and reply.err then
    local text = reply.err
    if string.find(text, 'NOPERM') or string.find(text, 'user executing') then
      refused[#refused + 1] = command .. ' (' .. text .. ')'
    end
  end
end
try('HSET', KEYS[1], 'f', '')
try('HGET', KEYS[1], 'f')
try('HGETALL', KEYS[1])
try('PERSIST', KEYS[1])
try('PEXPIRE', KEYS[1], 1)
try('HDEL', KEYS[1], 'f')
try('ZADD', KEYS[2], 0, '')
try('ZRANGEBYSCORE', KEYS[2], 0, 0)
try('ZRANGE', KEYS[2], 0, 0)
try('ZREM', KEYS[2], '')
try('EXISTS', KEYS[3])
try('LRANGE', KEYS[3], 0, 0)
try('RPUSH', KEYS[3], '')
try('PEXPIRE', KEYS[3], 1)
try('PUBLISH', ARGV[1], '')
return refused
`);
