import type { ConfigurationProblem } from '../errors/errors.js';

/** Finds what is wrong with a value; its text never repeats the value, which may be a secret. @internal */
export type Check = (value: unknown, path: string) => readonly ConfigurationProblem[];

const problem = (path: string, message: string): readonly ConfigurationProblem[] => [
  { path: path === '' ? 'definition' : path, message },
];

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const join = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`);

/** A check of one property that says what would be right. @internal */
export function must(isRight: (value: unknown) => boolean, message: string): Check {
  return (value, path) => (isRight(value) ? [] : problem(path, message));
}

/** A value that may be left out. @internal */
export function optional(check: Check): Check {
  return (value, path) => (value === undefined ? [] : check(value, path));
}

/** An object with known members only. @internal */
export function shape(members: Readonly<Record<string, Check>>): Check {
  return (value, path) => {
    if (!isObject(value)) return problem(path, 'must be an object');
    const unknown = Object.keys(value).filter((name) => !Object.hasOwn(members, name));
    return [
      ...unknown.flatMap((name) => problem(join(path, name), 'is not a setting that is known')),
      ...Object.entries(members).flatMap(([name, check]) => check(value[name], join(path, name))),
    ];
  };
}

/** An object whose names and values are checked alike. @internal */
export function recordOf(name: Check, value: Check): Check {
  return (record, path) => {
    if (!isObject(record)) return problem(path, 'must be an object');
    return Object.entries(record).flatMap(([key, member]) => [
      ...name(key, join(path, key)),
      ...value(member, join(path, key)),
    ]);
  };
}

/** A list of values that are checked alike. @internal */
export function listOf(check: Check, options: { readonly filled?: boolean } = {}): Check {
  return (value, path) => {
    if (!Array.isArray(value)) return problem(path, 'must be a list');
    if (options.filled === true && value.length === 0) return problem(path, 'must not be empty');
    return value.flatMap((item, index) => check(item, `${path}[${index}]`));
  };
}

/** Either of two checks holds; the message of the last one is told. @internal */
export function either(one: Check, other: Check): Check {
  return (value, path) => (one(value, path).length === 0 ? [] : other(value, path));
}

/** One of a few words. @internal */
export function oneOf(words: readonly string[]): Check {
  return must(
    (value) => typeof value === 'string' && words.includes(value),
    `must be one of ${words.join(', ')}`,
  );
}

/** A text that is not empty. @internal */
export const filledText: Check = must(
  (value) => typeof value === 'string' && value !== '',
  'must be a text that is not empty',
);

/** A positive, finite number of milliseconds. @internal */
export const duration: Check = must(
  (value) => typeof value === 'number' && Number.isFinite(value) && value > 0,
  'must be a positive number of milliseconds',
);

/** An absolute http or https URL without credentials and fragment. @internal */
export const httpUrl: Check = (value, path) => {
  if (typeof value !== 'string' || value === '') return problem(path, 'must be an absolute URL');
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url === undefined)
    return problem(path, 'must be an absolute URL, such as https://example.com');
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    return problem(path, 'must begin with https://');
  }
  if (url.username !== '' || url.password !== '') {
    return problem(path, 'must not hold a user name or a password');
  }
  return value.includes('#') ? problem(path, 'must not have a fragment') : [];
};
