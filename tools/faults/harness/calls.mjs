/** @typedef {{ id: number, name: string, argument: unknown }} Call */
/** @typedef {{ id: number, value?: unknown, error?: string }} Answer */

/**
 * The far end of a {@link import('./child.mjs').Child}: answers its calls by name and ends with it.
 *
 * @param {Readonly<Record<string, (argument: any) => unknown>>} handlers
 */
export function answerCalls(handlers) {
  process.on('disconnect', () => process.exit(0));
  process.on('message', async (/** @type {Call} */ { id, name, argument }) => {
    /** @type {Answer} */
    let answer;
    try {
      answer = { id, value: await handlers[name]?.(argument) };
    } catch (error) {
      answer = { id, error: error instanceof Error ? (error.stack ?? '') : String(error) };
    }
    if (process.connected) process.send?.(answer);
  });
}
