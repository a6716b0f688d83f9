/** @typedef {import('./campaign.mjs').Judged} Judged */
/** @typedef {import('./rig-queue.mjs').Fallen} Fallen */

/**
 * @typedef {object} Row
 * @property {string} kind
 * @property {string} numbers
 * @property {number} injected
 * @property {number} ineffective
 * @property {number} renewals
 * @property {number} lost
 * @property {number} spent
 * @property {number} detected
 * @property {number} logins
 */

/** @param {readonly Judged[]} judged @param {readonly Fallen[]} ineffective @returns {Row[]} one for each kind, in order */
export function rowsOf(judged, ineffective) {
  const kinds = [...new Set([...judged, ...ineffective].map(({ kind }) => kind))];
  return kinds.map((kind) => {
    const own = judged.filter((each) => each.kind === kind);
    const verdicts = own.flatMap((each) => each.verdicts);
    const sum = (/** @type {(verdict: import('./judge.mjs').Verdict) => number} */ of) =>
      verdicts.reduce((total, verdict) => total + of(verdict), 0);
    return {
      kind: kind.name,
      numbers: kind.numbers,
      injected: own.length,
      ineffective: ineffective.filter((each) => each.kind === kind).length,
      renewals: sum(({ renewals }) => renewals),
      lost: sum(({ lost }) => (lost === undefined ? 0 : 1)),
      spent: sum(({ spent }) => spent),
      detected: sum(({ lost }) => (lost?.detected === true ? 1 : 0)),
      logins: sum(({ logins }) => logins),
    };
  });
}

/** What was promised and is not so. @param {readonly Judged[]} judged @param {number} graceMs @returns {string[]} */
export function brokenPromises(judged, graceMs) {
  return judged.flatMap(({ kind, seed, subjects, settled, verdicts }) => {
    const lost = verdicts.flatMap((verdict) => verdict.lost ?? []);
    const spent = verdicts.reduce((total, verdict) => total + verdict.spent, 0);
    const logins = verdicts.reduce((total, verdict) => total + verdict.logins, 0);
    const safe = kind.promised === 'safe' || graceMs > 0;
    const unexcused = lost.filter(({ excuse }) => excuse === undefined || excuse === 'stopped');
    const problems = [
      ...(settled ? [] : ['did not come to rest']),
      ...(safe && lost.length > 0 ? [`lost ${lost.map(({ family }) => family)}`] : []),
      ...(safe && spent > 0 ? [`spent ${spent} refresh tokens twice`] : []),
      ...(safe && logins > 0 && kind.logsIn !== true ? [`${logins} new logins`] : []),
      ...(!safe && unexcused.length > 0
        ? [`lost ${unexcused.map(({ family }) => family)}, which could be had`]
        : []),
      ...(!safe && spent > lost.length ? [`spent ${spent} refresh tokens twice`] : []),
      ...(lost.every(({ detected }) => detected) ? [] : ['a loss was not announced']),
    ];
    return problems.map((problem) => `${kind.name} (seed ${seed}, ${subjects}): ${problem}`);
  });
}

/** @param {readonly Row[]} rows @returns {string[]} lines */
export function tableOf(rows) {
  const head = [
    'fault',
    'no.',
    'injected',
    'ineffective',
    'renewals',
    'lost',
    'double-spent',
    'detected',
    're-logins',
  ];
  const cells = rows.map((row) => Object.values(row).map(String));
  const widths = head.map((title, column) =>
    Math.max(title.length, ...cells.map((row) => (row[column] ?? '').length)),
  );
  const line = (/** @type {readonly string[]} */ row) =>
    row
      .map((cell, column) =>
        column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd();
  return [line(head), ...cells.map(line)];
}
