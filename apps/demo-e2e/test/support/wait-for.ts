import { setTimeout as sleep } from 'node:timers/promises';

/** Waits in real time until a condition holds. @throws Error that names what did not come */
export async function waitFor(
  what: string,
  limitMs: number,
  holds: () => boolean | Promise<boolean>,
): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`${what}: not within ${limitMs} ms.`);
    await sleep(20);
  }
}
