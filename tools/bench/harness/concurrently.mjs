/**
 * Does numbered work with so many at a time.
 *
 * @param {number} count
 * @param {number} atOnce
 * @param {(index: number) => Promise<void>} work
 */
export async function concurrently(count, atOnce, work) {
  let next = 0;
  const loop = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, loop));
}

/**
 * Does work with so many at a time until the time is over.
 *
 * @param {number} milliseconds
 * @param {number} atOnce
 * @param {() => Promise<void>} work
 * @returns {Promise<{ perSecond: number, cpuMicros: number }>} how often it was done, and this process' CPU time for each
 */
export async function forSomeTime(milliseconds, atOnce, work) {
  const start = performance.now();
  const cpu = process.cpuUsage();
  let done = 0;
  const loop = async () => {
    while (performance.now() - start < milliseconds) {
      await work();
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, loop));
  const seconds = (performance.now() - start) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  return { perSecond: done / seconds, cpuMicros: (user + system) / done };
}
