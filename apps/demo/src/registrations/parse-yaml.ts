import { LineCounter, parseDocument } from 'yaml';

/** A file that is not YAML. The message tells where and never quotes the file, which may hold secrets. @internal */
export class YamlError extends Error {
  override readonly name = 'YamlError';
}

/**
 * Parses YAML 1.2, and so JSON too.
 *
 * @throws {@link YamlError} with the line of the first error
 * @internal
 */
export function parseYaml(text: string): unknown {
  const lineCounter = new LineCounter();
  // The parser's own messages quote the lines around an error.
  const document = parseDocument(text, { prettyErrors: false, lineCounter });
  const [error] = document.errors;
  if (error !== undefined) {
    const { line, col } = lineCounter.linePos(error.pos[0]);
    const what = error.code.toLowerCase().replaceAll('_', ' ');
    throw new YamlError(`is not valid YAML at line ${line}, column ${col} (${what}).`);
  }
  try {
    return document.toJS();
  } catch {
    throw new YamlError(
      'is not valid YAML: an alias (*name) has no anchor, or there are too many.',
    );
  }
}
