import assert from 'node:assert/strict';
import test from 'node:test';

import { anchorOf, parseMarkdown } from './markdown.mjs';

const PAGE = [
  '# The page',
  'See [the end](#the-end), [a `file`](./docs/a.md "title") and `npm run demo`.',
  '## Quick start: `forRoot()`',
  '```ts',
  "const link = '[not](a-link)';",
  '```',
  '````md',
  '```',
  '````',
  '## The end',
  '## The end',
].join('\n');

test('blocks keep their language, first line and heading', () => {
  const [first, second] = parseMarkdown(PAGE).blocks;
  assert.deepEqual(first, {
    language: 'ts',
    line: 5,
    code: ["const link = '[not](a-link)';"],
    heading: 'Quick start: `forRoot()`',
  });
  assert.deepEqual(second?.code, ['```']);
});

test('links and code spans are found outside of blocks alone', () => {
  const page = parseMarkdown(PAGE);
  assert.deepEqual(page.links, [
    { target: '#the-end', line: 2 },
    { target: './docs/a.md', line: 2 },
  ]);
  assert.deepEqual(
    page.codeSpans.map(({ text }) => text),
    ['file', 'npm run demo', 'forRoot()'],
  );
});

test('anchors are those of GitHub', () => {
  assert.deepEqual(
    [...parseMarkdown(PAGE).anchors],
    ['the-page', 'quick-start-forroot', 'the-end', 'the-end-1'],
  );
  assert.equal(anchorOf('[Linked](x.md) & more'), 'linked--more');
});
