import type { ConfigurationProblem } from '@oauth-token/core';

/**
 * Problems by path, without those that only follow from one that is told already: of the same place, or inside it.
 *
 * @internal
 */
export class ProblemList {
  readonly #problems: ConfigurationProblem[] = [];
  readonly #covered: string[] = [];

  get all(): readonly ConfigurationProblem[] {
    return this.#problems;
  }

  add(path: string, message: string): void {
    if (this.#covered.some((known) => isWithin(path, known))) return;
    this.#problems.push({ path, message });
    this.cover(path);
  }

  /** Further problems of this place are not told: it could not be judged. */
  cover(path: string): void {
    this.#covered.push(path);
  }
}

const isWithin = (path: string, parent: string): boolean =>
  path === parent || path.startsWith(`${parent}.`) || path.startsWith(`${parent}[`);
