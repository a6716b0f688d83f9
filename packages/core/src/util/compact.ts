/** The type of an object once its `undefined` members are gone. */
type Compacted<T> = {
  [K in keyof T as undefined extends T[K] ? never : K]: T[K];
} & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/**
 * A copy of an object without the members that are `undefined`.
 *
 * `exactOptionalPropertyTypes` tells an absent member from an undefined one; so do JSON and the stores.
 *
 * @internal
 */
export function compact<T extends object>(value: T): Compacted<T> {
  const copy: Record<string, unknown> = {};
  for (const name of Object.keys(value)) {
    const member = (value as Record<string, unknown>)[name];
    if (member !== undefined) copy[name] = member;
  }
  return copy as Compacted<T>;
}
