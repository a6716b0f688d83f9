/**
 * How a benchmark is run.
 *
 * @typedef {object} Run
 * @property {boolean} quick as a smoke test: smaller and fewer, not to be quoted
 * @property {number} runs how often each measurement is taken; the median counts
 */

/**
 * One figure of a benchmark.
 *
 * @typedef {object} Row
 * @property {string} what
 * @property {number} value
 * @property {string} unit
 * @property {Goal} [goal]
 * @property {boolean} [gate] whether a miss fails `--gate`: only what hardly varies from run to run
 * @property {string} [note]
 * @property {string} [doesNotCount] why the figure proves nothing
 */

/** @typedef {{ atMost: number } | { atLeast: number } | { exactly: number }} Goal */

/** @typedef {'ok' | 'MISS' | 'void' | ''} Verdict */

/** @param {Row} row @returns {Verdict} */
export function verdictOf({ value, goal, doesNotCount }) {
  if (goal === undefined) return '';
  if (doesNotCount !== undefined) return 'void';
  return meets(value, goal) ? 'ok' : 'MISS';
}

/** @param {number} value @param {Goal} goal @returns {boolean} */
function meets(value, goal) {
  if ('atMost' in goal) return value <= goal.atMost;
  if ('atLeast' in goal) return value >= goal.atLeast;
  return value === goal.exactly;
}

/** @param {Goal | undefined} goal @returns {string} */
export function goalText(goal) {
  if (goal === undefined) return '';
  if ('atMost' in goal) return `<= ${goal.atMost}`;
  if ('atLeast' in goal) return `>= ${goal.atLeast}`;
  return `= ${goal.exactly}`;
}
