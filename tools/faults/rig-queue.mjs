import { seeded } from './seeded.mjs';

/** @typedef {import('./kinds/fault-kind.mjs').FaultKind} FaultKind */
/** @typedef {import('./kinds/fault-kind.mjs').Injection} Injection */
/** @typedef {import('./harness/rig.mjs').Rig} Rig */
/** @typedef {import('./harness/worker.mjs').Worker} Worker */

/** A fault that is to be injected. @typedef {{ kind: FaultKind, seed: number, attempt?: number }} Planned */

/**
 * A fault that was injected.
 *
 * @typedef {object} Fallen
 * @property {FaultKind} kind
 * @property {number} seed
 * @property {readonly string[]} subjects whose keys it was about
 * @property {string} [why] it took no effect
 * @property {boolean} settled whether all of its keys came to rest
 */

/** How often a fault that took no effect is injected again. */
const ATTEMPTS = 4;

/** Works off a queue of faults on one rig. */
export class RigQueue {
  #rig;
  #queue;
  #tell;
  /** Workers that no fault is using. @type {Worker[]} */
  #free;
  /** @type {((worker: Worker) => void)[]} */
  #waiting = [];
  /** @type {Fallen[]} */
  effective = [];
  /** @type {Fallen[]} */
  ineffective = [];

  /** @param {Rig} rig @param {Planned[]} queue shared with others @param {(line: string) => void} tell */
  constructor(rig, queue, tell) {
    this.#rig = rig;
    this.#queue = queue;
    this.#tell = tell;
    this.#free = [...rig.victims];
  }

  /** One fault after the other until there are no more. */
  async run() {
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      const fallen = await this.#inject(next);
      if (fallen.why === undefined) {
        this.effective.push(fallen);
        continue;
      }
      this.ineffective.push(fallen);
      const attempt = (next.attempt ?? 1) + 1;
      if (attempt <= ATTEMPTS) this.#queue.push({ ...next, seed: next.seed + 1, attempt });
    }
  }

  /** @param {Planned} planned @returns {Promise<Fallen>} */
  async #inject({ kind, seed }) {
    const random = seeded(seed);
    const registrationId = kind.logsIn === true && random() < 0.5 ? 'login' : 'plain';
    const worker = await this.#take();
    // With a worker at hand: what is planted falls due soon.
    const keys = await Promise.all(
      Array.from({ length: kind.keys ?? 1 }, () => this.#rig.plant(registrationId)),
    );
    const started = performance.now();
    /** @type {Injection} */
    let injection;
    try {
      injection = await kind.inject({
        rig: this.#rig,
        worker,
        keys,
        between: (low, high) => low + Math.floor(random() * (high - low + 1)),
        pick: (choices) => choices[Math.floor(random() * choices.length)] ?? choices[0],
      });
    } finally {
      this.#give(worker);
    }
    const injectedAt = performance.now();
    const settled = await Promise.all(keys.map((key) => this.#rig.settle(key)));
    const seconds = (/** @type {number} */ since) =>
      ((performance.now() - since) / 1_000).toFixed(1);
    const subjects = keys.map(({ subject }) => subject);
    await this.#rig.kept.note(subjects);
    this.#tell(
      `${kind.name} ${subjects} ${injection.effective ? 'ok' : injection.why}` +
        ` ${seconds(started)} s, of which settling ${seconds(injectedAt)} s${settled.includes(false) ? ' STUCK' : ''}`,
    );
    const why = injection.effective ? {} : { why: injection.why ?? 'no effect' };
    return { kind, seed, subjects, settled: !settled.includes(false), ...why };
  }

  /** @returns {Promise<Worker>} */
  #take() {
    const worker = this.#free.shift();
    if (worker !== undefined) return Promise.resolve(worker);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** @param {Worker} worker */
  #give(worker) {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free.push(worker);
    else next(worker);
  }
}
