/**
 * One case of a contract suite; rejects with an `AssertionError` when the contract is broken.
 *
 * Usable with any runner: `for (const { name, run } of suite) it(name, run);`
 *
 * @public
 */
export interface ContractCase {
  readonly name: string;
  readonly run: () => Promise<void>;
}
