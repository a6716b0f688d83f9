/** @typedef {import('./server/families.mjs').LedgerEntry} LedgerEntry */

/**
 * What a run left behind. Times are epoch ms.
 *
 * @typedef {object} History
 * @property {readonly LedgerEntry[]} ledger of the authorization server, in order
 * @property {Readonly<Record<string, readonly string[]>>} records the refresh tokens that the store holds for each subject, siblings included
 * @property {readonly string[]} journals the refresh tokens that wait in journals
 * @property {readonly { worker: string, at: number }[]} kills of processes
 * @property {readonly { worker: string, subject: string, at: number }[]} kept what processes had in the store or, fsynced, in a journal
 * @property {readonly { worker: string, from: number, to: number }[]} stops of processes
 * @property {readonly { worker: string, from: number, to: number }[]} outages in which no answer reached a process
 * @property {readonly { subject: string, name: string, at: number }[]} events that were announced
 * @property {number} graceMs of the server; 0 when it is strict
 * @property {number} timeoutMs longest wait for an answer
 * @property {number} takeoverMs from the begin of a renewal until another process may use its refresh token: lease and delay
 */

/**
 * Why a refresh token could not be had from its server, whoever asked: the answer died with its process (`killed`), never came or
 * came after its deadline (`answerLost`), was made worthless by a copy of the request that the network made (`duplicated`), or
 * its process stood still for longer than others wait (`stopped`).
 *
 * @typedef {'killed' | 'answerLost' | 'duplicated' | 'stopped'} Excuse
 */

/**
 * A family none of whose living refresh tokens is anywhere, or that was revoked.
 *
 * @typedef {{ family: string, excuse: Excuse | undefined, detected: boolean }} Loss
 */

/**
 * @typedef {object} Verdict about one subject
 * @property {number} renewals
 * @property {number} logins after the first
 * @property {Loss | undefined} lost
 * @property {number} spent how often a spent refresh token was sent again, beyond any grace
 */

/** The events that tell an operator of a loss. */
const TELLING = ['orphanFound', 'reauthorizationRequired'];

/**
 * Judges what became of every refresh token, by the authorization server's ledger against what store and journals hold.
 *
 * @param {History} history
 * @returns {Map<string, Verdict>} of each subject
 */
export function judge(history) {
  /** @type {Map<string, LedgerEntry[]>} */
  const families = new Map();
  for (const entry of history.ledger) {
    families.set(entry.family, [...(families.get(entry.family) ?? []), entry]);
  }
  /** @type {Map<string, Verdict>} */
  const verdicts = new Map();
  for (const [family, entries] of families) {
    const subject = entries[0]?.subject ?? '';
    const verdict = verdicts.get(subject) ?? { renewals: 0, logins: -1, lost: undefined, spent: 0 };
    verdicts.set(subject, verdict);
    verdict.renewals += entries.filter(({ issued, grant }) => issued && grant === 'refresh').length;
    verdict.logins += entries.filter(({ outcome }) => outcome === 'login').length;
    verdict.spent += entries.filter(({ outcome }) => outcome === 'spent').length;
    // A family that was left for a new login has nothing to lose any more.
    verdict.lost = isKept(entries, history) ? undefined : lossOf(family, entries, history);
  }
  return verdicts;
}

/** @param {string} family @param {readonly LedgerEntry[]} entries @param {History} history @returns {Loss} */
function lossOf(family, entries, history) {
  const excuse = history.graceMs > 0 ? undefined : excuseOf(entries, history);
  return { family, excuse, detected: isTold(entries, history) };
}

/** @param {readonly LedgerEntry[]} entries of one family @param {History} history */
function isKept(entries, { records, journals }) {
  if (entries.some(({ outcome }) => outcome === 'spent')) return false;
  const held = new Set([...journals, ...(records[entries[0]?.subject ?? ''] ?? [])]);
  return livingOf(entries).some((token) => held.has(token));
}

/** The refresh tokens that the server would take. @param {readonly LedgerEntry[]} entries of one family */
function livingOf(entries) {
  const dead = new Set(
    entries.flatMap(({ issued, sent = '', replaced = [] }) =>
      issued === undefined ? [] : [sent, ...replaced],
    ),
  );
  return entries.flatMap(({ issued }) =>
    issued === undefined || dead.has(issued) ? [] : [issued],
  );
}

/** The entry that issued the newest refresh token. @param {readonly LedgerEntry[]} entries */
function newestOf(entries) {
  return entries
    .filter(({ issued }) => issued !== undefined)
    .reduce(
      (/** @type {LedgerEntry | undefined} */ newest, entry) =>
        newest === undefined || (entry.processedAt ?? 0) >= (newest.processedAt ?? 0)
          ? entry
          : newest,
      undefined,
    );
}

/** @param {readonly LedgerEntry[]} entries @param {History} history @returns {Excuse | undefined} */
function excuseOf(entries, history) {
  const newest = newestOf(entries);
  if (newest === undefined || newest.worker === 'rig') return undefined;
  const copies = entries.filter(({ request }) => request === newest.request);
  if (copies.length > 1) return 'duplicated';
  // Whoever dies takes with it an answer that is still to come, too.
  if (diedWith(newest, history)) return 'killed';
  if (isAnswerLost(newest, history)) return 'answerLost';
  const stop = history.stops.find(
    ({ worker, from, to }) => worker === newest.worker && from <= newest.at + 50 && to >= newest.at,
  );
  return stop !== undefined && stop.to - stop.from > history.takeoverMs ? 'stopped' : undefined;
}

/** @param {LedgerEntry} entry @param {History} history */
function isAnswerLost({ worker, at, answeredAt }, { outages, timeoutMs }) {
  if (answeredAt === undefined || answeredAt - at >= timeoutMs) return true;
  return outages.some(
    (outage) => outage.worker === worker && outage.from <= answeredAt && answeredAt <= outage.to,
  );
}

/** Whether the process that was to get an answer ended before it had kept it. @param {LedgerEntry} entry @param {History} history */
function diedWith({ worker, subject, at, processedAt = Infinity }, { kills, kept, timeoutMs }) {
  const kill = kills.find((each) => each.worker === worker);
  if (kill === undefined || kill.at > at + timeoutMs) return false;
  return !kept.some(
    (each) => each.worker === worker && each.subject === subject && each.at >= processedAt,
  );
}

/** @param {readonly LedgerEntry[]} entries @param {History} history */
function isTold(entries, { events }) {
  const [first] = entries;
  return events.some(
    ({ name, subject, at }) =>
      TELLING.includes(name) && subject === first?.subject && at >= first.at,
  );
}
