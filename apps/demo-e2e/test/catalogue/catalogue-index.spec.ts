import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NOT_TESTED, SECTIONS, TESTED_IN_PART } from './support/catalogue-gaps.js';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
/** What is no source. */
const SKIPPED = new Set(['node_modules', 'dist', 'out-tsc']);

/** The texts of all files below a folder of the repository whose names end so. */
function sourcesIn(folder: string, end: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return SKIPPED.has(entry.name) ? [] : sourcesIn(path, end);
    return entry.name.endsWith(end) ? [readFileSync(join(ROOT, path), 'utf8')] : [];
  });
}

/** The numbers that a pattern's first group lists in some texts. */
const numbersIn = (texts: readonly string[], pattern: RegExp): readonly number[] =>
  texts.flatMap((text) =>
    [...text.matchAll(pattern)].flatMap(([, numbers = '']) => numbers.split(', ').map(Number)),
  );

const LIST = String.raw`(\d+(?:, \d+)*)`;
const titles = numbersIn(
  ['packages', 'apps'].flatMap((folder) => sourcesIn(folder, '.spec.ts')),
  new RegExp(String.raw`['"\x60]faults? ${LIST}: `, 'g'),
);
const rig = numbersIn(
  sourcesIn('tools/faults/kinds', '.mjs'),
  new RegExp(String.raw`numbers: '${LIST}'`, 'g'),
);
const tested = new Set([...titles, ...rig]);

const owed = Object.entries(SECTIONS).map(([section, [first, last]]) => ({
  section,
  numbers: Array.from({ length: last - first + 1 }, (_, index) => first + index),
}));

it('finds titles of tests, and kinds of the rig', () => {
  expect(titles.length).toBeGreaterThan(30);
  expect(rig.length).toBeGreaterThan(20);
});

it.each(owed)('$section: every fault has a test, or a reason why not', ({ numbers }) => {
  const missing = numbers.filter((number) => !tested.has(number) && !NOT_TESTED.has(number));
  expect(missing).toEqual([]);
});

it('gives reasons for what is owed alone, and none for what has a test', () => {
  const all = new Set(owed.flatMap(({ numbers }) => numbers));
  expect([...NOT_TESTED.keys()].filter((number) => tested.has(number))).toEqual([]);
  expect([...TESTED_IN_PART.keys()].filter((number) => !tested.has(number))).toEqual([]);
  for (const [number, reason] of [...NOT_TESTED, ...TESTED_IN_PART]) {
    expect(all).toContain(number);
    expect(reason).toMatch(/^[A-Z0-9].{20,}\.$/);
  }
});
