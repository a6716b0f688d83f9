/**
 * Does a piece of work once for all who ask for it while it is under way.
 *
 * @internal
 */
export class SingleFlight<T> {
  readonly #flights = new Map<string, Promise<T>>();

  run(key: string, work: () => Promise<T>): Promise<T> {
    const present = this.#flights.get(key);
    if (present !== undefined) return present;
    const flight = work().finally(() => this.#flights.delete(key));
    this.#flights.set(key, flight);
    return flight;
  }
}
