/**
 * A supplier that asks once and remembers the promise.
 *
 * @internal
 */
export function lazy<T>(supply: () => Promise<T>): () => Promise<T> {
  let promise: Promise<T> | undefined;
  return () => (promise ??= supply());
}
