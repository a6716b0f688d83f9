/**
 * @typedef {object} CodeBlock
 * @property {string} language the word after the fence, '' when there is none
 * @property {number} line of its first line of code, from 1
 * @property {string[]} code
 * @property {string} heading the text of the heading above it
 */

/**
 * What the checks need to know of a Markdown page. Line numbers count from 1.
 *
 * @typedef {object} MarkdownPage
 * @property {CodeBlock[]} blocks
 * @property {{ target: string, line: number }[]} links
 * @property {{ text: string, line: number }[]} codeSpans
 * @property {Set<string>} anchors
 */

const FENCE = /^\s*(`{3,}|~{3,})\s*([^\s`]*)/;
const HEADING = /^#{1,6}\s+(.*?)\s*#*$/;
const LINK =
  /\]\(\s*<?([^\s)>]+)>?(?:\s+["'][^)]*)?\)|^\s*\[[^\]]+\]:\s*(\S+)|\b(?:href|src)="([^"]+)"/g;
const SPAN = /(`+)(.+?)\1/g;

/**
 * The anchor that GitHub gives a heading.
 *
 * @param {string} heading
 * @param {ReadonlySet<string>} taken anchors given before on the same page
 * @returns {string}
 */
export function anchorOf(heading, taken = new Set()) {
  const plain = heading
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replace(/\s/g, '-');
  let anchor = plain;
  for (let count = 1; taken.has(anchor); count += 1) anchor = `${plain}-${count}`;
  return anchor;
}

/**
 * Reads a Markdown page.
 *
 * @param {string} text
 * @returns {MarkdownPage}
 */
export function parseMarkdown(text) {
  /** @type {MarkdownPage} */
  const page = { blocks: [], links: [], codeSpans: [], anchors: new Set() };
  /** @type {{ block: CodeBlock, fence: string } | undefined} */
  let open;
  let heading = '';
  text.split('\n').forEach((content, index) => {
    const fence = FENCE.exec(content);
    if (open !== undefined) {
      if (fence?.[1]?.startsWith(open.fence) === true && fence[2] === '') open = undefined;
      else open.block.code.push(content);
      return;
    }
    if (fence !== null) {
      const block = { language: fence[2] ?? '', line: index + 2, code: [], heading };
      page.blocks.push(block);
      open = { block, fence: fence[1] ?? '' };
      return;
    }
    heading = HEADING.exec(content)?.[1] ?? heading;
    readLine(page, content, index + 1);
  });
  return page;
}

/** @param {MarkdownPage} page @param {string} content @param {number} line */
function readLine(page, content, line) {
  const heading = HEADING.exec(content)?.[1];
  if (heading !== undefined) page.anchors.add(anchorOf(heading, page.anchors));
  for (const [, id = ''] of content.matchAll(/\b(?:id|name)="([^"]+)"/g)) page.anchors.add(id);
  for (const [, , span = ''] of content.matchAll(SPAN))
    page.codeSpans.push({ text: span.trim(), line });
  for (const [, inline, reference, html] of content.replace(SPAN, '').matchAll(LINK)) {
    page.links.push({ target: inline ?? reference ?? html ?? '', line });
  }
}
