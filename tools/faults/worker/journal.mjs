import { FileSpillJournal, SpillJournal } from '@oauth-token/core';

/** @typedef {import('./failpoints.mjs').Failpoints} Failpoints */
/** @typedef {import('./failpoints.mjs').Report} Report */
/** @typedef {import('@oauth-token/core').JournalEntry} JournalEntry */

/** A journal whose appends and confirmations are failpoints. */
class FailpointJournal extends SpillJournal {
  #inner;
  #failpoints;
  #report;
  #subjectOf;
  /** The subject of each entry that waits. @type {Map<string, string>} */
  #waiting = new Map();

  /**
   * @param {SpillJournal} inner
   * @param {Failpoints} failpoints
   * @param {Report} report
   * @param {(context: string) => string} subjectOf
   */
  constructor(inner, failpoints, report, subjectOf) {
    super();
    this.#inner = inner;
    this.#failpoints = failpoints;
    this.#report = report;
    this.#subjectOf = subjectOf;
  }

  /** @override */
  get writable() {
    return this.#inner.writable;
  }

  /** @override */
  get length() {
    return this.#inner.length;
  }

  /** @override @param {(entry: JournalEntry) => boolean} [isMine] */
  start(isMine) {
    return this.#inner.start(isMine);
  }

  /** @override @param {(entry: JournalEntry) => boolean} [isMine] */
  adoptOrphans(isMine) {
    return this.#inner.adoptOrphans(isMine);
  }

  /** @override @param {JournalEntry} entry */
  async append(entry) {
    // The store's name stands before the record's id.
    const subject = this.#subjectOf(entry.context.split(' ').at(-1) ?? '');
    this.#waiting.set(entry.id, subject);
    await this.#inner.append(entry);
    this.#report({ kind: 'kept', subject, by: 'journal', at: Date.now() });
    await this.#failpoints.reach('after-spill', subject);
  }

  /** @override @param {string} id */
  confirm(id) {
    const subject = this.#waiting.get(id) ?? '';
    this.#waiting.delete(id);
    this.#failpoints.reachNow('before-confirm', subject);
    this.#inner.confirm(id);
  }

  /** @override @param {string} id @param {string} reason */
  quarantine(id, reason) {
    return this.#inner.quarantine(id, reason);
  }

  /** @override */
  close() {
    return this.#inner.close();
  }
}

/**
 * @param {Failpoints} failpoints
 * @param {Report} report
 * @param {{ directory: string, subjectOf: (context: string) => string }} options
 * @returns {SpillJournal}
 */
export const openJournal = (failpoints, report, { directory, subjectOf }) =>
  new FailpointJournal(new FileSpillJournal({ directory }), failpoints, report, subjectOf);
