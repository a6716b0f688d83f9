import type { ContractCase } from '@oauth-token/testing';
import { setTimeout as sleep } from 'node:timers/promises';

/** How many cases run at one time: most of them wait for real time to pass. */
const AT_ONCE = 12;

/**
 * Declares a test for each case of a contract suite. The cases run side by side from the first test on, since they wait for real
 * time to pass; each is on its own, with a store or a name of its own.
 */
export function itKeeps(suite: readonly ContractCase[]): void {
  let results: readonly Promise<void>[] = [];
  beforeAll(() => {
    results = runSideBySide(suite);
  });
  for (const [index, { name }] of suite.entries()) {
    it(
      name,
      async () => {
        const result = results[index];
        if (result === undefined) throw new Error('This case was not started.');
        await result;
      },
      20_000,
    );
  }
}

function runSideBySide(suite: readonly ContractCase[]): readonly Promise<void>[] {
  let started = 0;
  const waiting: (() => void)[] = [];
  const turn = (): Promise<void> => {
    started += 1;
    return started <= AT_ONCE ? Promise.resolve() : new Promise((go) => waiting.push(go));
  };
  return suite.map(({ run }) => {
    const result = turn()
      .then(run)
      .finally(() => waiting.shift()?.());
    // It is looked at when its test comes; until then a failure is nobody's.
    result.catch(() => undefined);
    return result;
  });
}

/** What a timer, and the time that a server told half a round trip ago, may be off by, ms. */
const INACCURACY_MS = 20;

/** Lets real time pass, at least so much on every clock. */
export const pass = (milliseconds: number): Promise<void> => sleep(milliseconds + INACCURACY_MS);
