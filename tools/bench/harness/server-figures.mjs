/** @typedef {import('ioredis').Redis} Redis */

/**
 * One number of `INFO`.
 *
 * @param {Redis} redis @param {string} name @returns {Promise<number>}
 */
export async function infoNumber(redis, name) {
  const info = await redis.info();
  const value = new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1];
  if (value === undefined) throw new Error(`INFO of Redis has no ${name}.`);
  return Number(value);
}
