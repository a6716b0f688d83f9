/** @typedef {{ stop(): Promise<void> }} Stoppable */

/** Stops all of them. @param {readonly Stoppable[]} members */
export async function stopAll(members) {
  await Promise.all(members.map((member) => member.stop()));
}

/**
 * Waits for things that are being started side by side. When one fails, none is left.
 *
 * @template {readonly Promise<Stoppable>[]} Starting
 * @param {Starting} starting
 * @returns {Promise<{ -readonly [Index in keyof Starting]: Awaited<Starting[Index]> }>}
 * @throws what the first one that failed threw
 */
export async function startTogether(starting) {
  const results = await Promise.allSettled(starting);
  const failure = results.find((result) => result.status === 'rejected');
  if (failure === undefined) return Promise.all(starting);
  await stopAll(results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : [])));
  throw failure.reason;
}

/**
 * Does the rest of a start. When that fails, nothing is left.
 *
 * @template Result
 * @param {readonly Stoppable[]} members
 * @param {() => Promise<Result>} rest
 * @returns {Promise<Result>}
 */
export async function orStop(members, rest) {
  try {
    return await rest();
  } catch (error) {
    await stopAll(members);
    throw error;
  }
}
