/** The members of a JSON object, read only by way of its own properties. @internal */
export type AnswerMembers = Readonly<Record<string, unknown>>;

/** What is wrong with the body of an answer, in a word. @internal */
export type BodyProblem = 'empty_body' | 'not_json' | 'not_an_object';

/** The body of an answer: its members, or why there are none. */
type AnswerBody =
  | { readonly members: AnswerMembers; readonly wrappedStatus?: number }
  | { readonly problem: BodyProblem };

/** The start of a JSONP answer; `/**\/` before the name is a common guard. */
const JSONP_START = /^(?:\/\*\*\/)?[\w$.]{1,128}\(/;

const parseJson = (text: string): { value: unknown } | undefined => {
  try {
    return { value: JSON.parse(text) };
  } catch {
    // Its message quotes the text, which may hold a token.
    return undefined;
  }
};

const isObject = (value: unknown): value is AnswerMembers =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Takes `callback({...}, 400);` apart as text. 2BA's documentation: errors carry their status as second argument.
 */
function unwrapJsonp(text: string): { value: unknown; wrappedStatus?: number } | undefined {
  const start = JSONP_START.exec(text);
  const end = text.endsWith(';') ? text.slice(0, -1).trimEnd() : text;
  if (start === null || !end.endsWith(')')) return undefined;
  const inner = end.slice(start[0].length, -1);
  const comma = inner.lastIndexOf(',');
  const last = inner.slice(comma + 1).trim();
  if (comma === -1 || !/^[1-5]\d\d$/.test(last)) return parseJson(inner);
  const first = parseJson(inner.slice(0, comma));
  return first === undefined ? undefined : { ...first, wrappedStatus: Number(last) };
}

/**
 * Reads the body of an answer: a byte order mark is taken off, JSON is tried whatever the content type says, then a JSONP
 * wrapper where it may be met. Nothing is evaluated.
 *
 * @internal
 */
export function readAnswerBody(body: string, options: { readonly jsonp: boolean }): AnswerBody {
  const text = body.replace(/^\uFEFF/, '').trim();
  if (text === '') return { problem: 'empty_body' };
  const read: { value: unknown; wrappedStatus?: number } | undefined =
    parseJson(text) ?? (options.jsonp ? unwrapJsonp(text) : undefined);
  if (read === undefined) return { problem: 'not_json' };
  if (!isObject(read.value)) return { problem: 'not_an_object' };
  return read.wrappedStatus === undefined
    ? { members: read.value }
    : { members: read.value, wrappedStatus: read.wrappedStatus };
}

/**
 * The value at a path (`a.b`) of own properties; `undefined` where it leads nowhere.
 */
function memberAt(members: AnswerMembers, path: string): unknown {
  let value: unknown = members;
  for (const name of path.split('.')) {
    if (!isObject(value) || !Object.hasOwn(value, name)) return undefined;
    value = value[name];
  }
  return value;
}

/**
 * The first value among several paths that is there: neither missing, nor null, nor one of the strings that mean "none".
 *
 * @internal
 */
export function firstPresent(
  members: AnswerMembers,
  paths: readonly string[],
  absentValues: ReadonlySet<string>,
): unknown {
  return paths
    .map((path) => memberAt(members, path))
    .find(
      (value) =>
        value !== undefined &&
        value !== null &&
        !(typeof value === 'string' && absentValues.has(value.trim())),
    );
}
