import { setTimeout as sleep } from 'node:timers/promises';

import { until } from '../../redis/until.mjs';

/** @typedef {import('./key-view.mjs').KeyView} KeyView */
/** @typedef {import('../server/families.mjs').LedgerEntry} LedgerEntry */

/** How long a store may be behind what replicas know, ms. */
const RESTORED_MS = 15_000;

/** The refresh tokens that a store keeps, as they were noted when their keys had come to rest. */
export class KeptTokens {
  #view;
  #ledger;
  /** Of each subject. @type {Record<string, string[]>} */
  records = {};

  /** @param {KeyView} view @param {() => Promise<readonly LedgerEntry[]>} ledger */
  constructor(view, ledger) {
    this.#view = view;
    this.#ledger = ledger;
  }

  /** Notes which refresh tokens are kept for some subjects. @param {readonly string[]} subjects */
  async note(subjects) {
    Object.assign(this.records, await this.#held(subjects));
  }

  /** The subjects that nothing is kept for any more of what was noted: a later fault took it. @returns {Promise<string[]>} */
  async gone() {
    const deadline = performance.now() + RESTORED_MS;
    const subjects = Object.keys(this.records);
    for (;;) {
      const held = await this.#held(subjects);
      const gone = subjects.filter((subject) => {
        const noted = this.records[subject] ?? [];
        return noted.length > 0 && !noted.some((token) => held[subject]?.includes(token));
      });
      // What a replica knows it may be putting back just now.
      if (gone.length === 0 || performance.now() > deadline) return gone;
      await sleep(500);
    }
  }

  /** @param {readonly string[]} subjects @returns {Promise<Record<string, string[]>>} */
  async #held(subjects) {
    const ledger = await this.#ledger();
    const tokens = ledger.flatMap(({ issued }) => (issued === undefined ? [] : [issued]));
    return until('a store that answers', () => this.#view.refreshTokens(subjects, tokens));
  }
}
