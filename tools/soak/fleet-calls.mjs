import { clearInterval, setInterval } from 'node:timers';

/** @typedef {import('./fleet.mjs').Fleet} Fleet */
/** @typedef {import('./fleet.mjs').Replica} Replica */
/** @typedef {import('./fleet.mjs').FleetRegistration} FleetRegistration */
/** @typedef {import('./judge.mjs').CallRecord} CallRecord */

/** How often a round of calls goes out, ms. */
const ROUND_MS = 100;

/** Calls that go on until they are stopped: registrations in turn, each by a replica drawn at random. */
export class FleetCalls {
  #timer;
  /** @type {Promise<CallRecord>[]} */
  #calls = [];
  #count = 0;
  /** Whom to leave alone. @type {Set<Replica>} */
  #without = new Set();

  /** @param {Fleet} fleet @param {{ perSecond: number, of: readonly FleetRegistration[] }} options */
  constructor(fleet, { perSecond, of }) {
    const perRound = (perSecond * ROUND_MS) / 1_000;
    let owed = 0;
    this.#timer = setInterval(() => {
      const replicas = fleet.replicas.filter((replica) => !this.#without.has(replica));
      for (owed += perRound; owed >= 1; owed -= 1) {
        const replica = replicas[Math.floor(Math.random() * replicas.length)];
        const registration = of[this.#count++ % of.length];
        if (replica && registration) this.#calls.push(fleet.call(replica, registration));
      }
    }, ROUND_MS);
  }

  /** Makes no more calls at a replica, and waits for those under way. @param {Replica} replica */
  async spare(replica) {
    this.#without.add(replica);
    await Promise.all(this.#calls);
  }

  /** Ends them and waits for those under way. @returns {Promise<CallRecord[]>} all of them */
  async stop() {
    clearInterval(this.#timer);
    return Promise.all(this.#calls);
  }
}
