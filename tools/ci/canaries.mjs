/**
 * Canaries are the secrets of our tests: they begin with `canary-`, such as `canary-3f9c01d2aa`. No output may ever hold
 * one, neither as it is nor in the encodings in which credentials travel.
 */
const PLAIN = /canary-[0-9a-z]/i;

/** What util.inspect prints of a Buffer. */
const BYTES = /63 61 6e 61 72 79 2d/;

/** The letters that `canary-` always leaves in base64, at each of its three alignments. */
const BASE64 = [0, 1, 2].map((shift) => {
  const encoded = Buffer.from(`${'\0'.repeat(shift)}canary-`)
    .toString('base64')
    .replace(/=+$/, '');
  const first = [0, 2, 3][shift];
  const letters = Math.floor(((shift + 'canary-'.length) * 8) / 6);
  return encoded.slice(first, letters);
});

/**
 * Finds the lines of a text that hold a canary.
 *
 * @param {string} text
 * @returns {{ line: number, form: 'plain' | 'bytes' | 'base64' }[]} line numbers from 1, and never the line itself
 */
export function findCanaries(text) {
  /** @type {ReturnType<typeof findCanaries>} */
  const found = [];
  text.split('\n').forEach((content, index) => {
    const line = index + 1;
    if (PLAIN.test(content)) found.push({ line, form: 'plain' });
    else if (BYTES.test(content)) found.push({ line, form: 'bytes' });
    else if (BASE64.some((part) => content.includes(part))) found.push({ line, form: 'base64' });
  });
  return found;
}
