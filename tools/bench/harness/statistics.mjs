/**
 * The middle one of some measurements, or the mean of the two in the middle.
 *
 * @param {readonly number[]} values @returns {number}
 */
export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] ?? NaN;
  return Number.isInteger(middle) ? ((sorted[middle - 1] ?? NaN) + upper) / 2 : upper;
}

/** @param {readonly number[]} values @returns {number} */
export const sum = (values) => values.reduce((total, value) => total + value, 0);

/** Monotonic time that all processes of this machine share, ms. @returns {number} */
export const machineTime = () => Number(process.hrtime.bigint()) / 1e6;
