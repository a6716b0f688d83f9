/** @typedef {import('./index.mjs').RedisConfig} RedisConfig */

/** Nothing is kept unless a test asks for it. @type {RedisConfig} */
const SERVER_DEFAULTS = { save: '', appendonly: 'no' };

/**
 * Writes a `redis.conf`. A file, because a command line would show passwords to everybody, and because Sentinels and
 * `CONFIG REWRITE` want one.
 *
 * @param {{ port: number, bind: string, dir: string, sentinel: boolean }} fixed
 * @param {RedisConfig} config comes after what is fixed, so it wins
 * @returns {string}
 */
export function writeRedisConfig({ port, bind, dir, sentinel }, config) {
  const lines = {
    port,
    bind,
    dir: JSON.stringify(dir),
    ...(sentinel ? {} : SERVER_DEFAULTS),
    // Behind a published port of a container every client comes from another address.
    ...(bind === '127.0.0.1' ? {} : { 'protected-mode': 'no' }),
    ...config,
  };
  return Object.entries(lines)
    .flatMap(([name, values]) =>
      [values].flat().map((value) => `${name} ${value === '' ? '""' : value}\n`),
    )
    .join('');
}
