import { goalText, verdictOf } from './rows.mjs';

/** @typedef {import('./rows.mjs').Row} Row */

/** Three digits that count, and whole numbers whole. @param {number} value @returns {string} */
function numberText(value) {
  if (Number.isInteger(value) || Math.abs(value) >= 1_000) {
    return Math.round(value).toLocaleString('en-US');
  }
  return value.toPrecision(3);
}

/** @param {Row} row @returns {string[]} */
function cellsOf(row) {
  const { what, value, unit, goal, note, doesNotCount } = row;
  const remarks = [note, doesNotCount].filter((remark) => remark !== undefined).join('; ');
  return [what, numberText(value), unit, goalText(goal), verdictOf(row), remarks];
}

/**
 * The rows of one benchmark as lines of a table.
 *
 * @param {readonly Row[]} rows @returns {string}
 */
export function formatTable(rows) {
  const cells = rows.map(cellsOf);
  const widths = [0, 1, 2, 3, 4].map((column) =>
    Math.max(...cells.map((row) => row[column]?.length ?? 0)),
  );
  const lines = cells.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return column === 1 ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  '),
  );
  return lines.map((line) => `  ${line.trimEnd()}`).join('\n');
}
