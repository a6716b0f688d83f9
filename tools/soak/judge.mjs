/**
 * One token request in the sandbox's ledger; tokens are fingerprints, times epoch ms.
 *
 * @typedef {object} LedgerItem
 * @property {number} at
 * @property {string} dialect
 * @property {string} grant
 * @property {number} status
 * @property {string} [refreshToken] the one that was sent
 * @property {string} [error]
 * @property {boolean} [reuse] the sandbox saw a spent refresh token
 * @property {{ accessToken: string, refreshToken?: string, expiresAt: number }} [issued]
 */

/**
 * One answer of the demo's `POST /call`.
 *
 * @typedef {object} CallRecord
 * @property {number} at epoch ms
 * @property {string} registrationId
 * @property {number} status of the answer itself, 0 when there was none
 * @property {number} [apiStatus] of the call that it made
 * @property {number} [attempts] of that call
 * @property {number} milliseconds
 */

/**
 * @typedef {object} Judgement
 * @property {string[]} problems empty when the run kept its promises
 * @property {Record<string, string | number>} figures
 */

/** @param {readonly LedgerItem[]} items in order @returns {string[]} a spent refresh token is one that was replaced */
export function reuseProblems(items) {
  const spent = new Set();
  return items.flatMap(({ refreshToken, reuse, issued, at }) => {
    if (refreshToken === undefined) return [];
    if (reuse === true || spent.has(refreshToken))
      return [`a spent refresh token was sent again at ${at}`];
    if (issued?.refreshToken !== undefined && issued.refreshToken !== refreshToken) {
      spent.add(refreshToken);
    }
    return [];
  });
}

/**
 * @param {readonly LedgerItem[]} issues in order
 * @param {{ lifetimeMs: number, until: number }} run
 * @returns {string[]}
 */
function renewalProblems(issues, { lifetimeMs, until }) {
  if (issues.length === 0) return ['no token was issued'];
  return issues.flatMap(({ at, issued }, index) => {
    const endsAt = issued?.expiresAt ?? NaN;
    const following = issues[index + 1];
    if (following === undefined) {
      return endsAt < until ? [`the token that ended at ${endsAt} was not renewed`] : [];
    }
    const renewedAt = following.at;
    if (!(renewedAt < endsAt))
      return [`a token was renewed ${renewedAt - endsAt} ms after its end`];
    // No renewal is due in the first half of a lifetime, so two that close are two requests for one renewal.
    return renewedAt - at < lifetimeMs / 2
      ? [`two token requests within ${renewedAt - at} ms, at ${renewedAt}`]
      : [];
  });
}

/** @param {readonly CallRecord[]} calls @returns {string[]} */
export function callProblems(calls) {
  return calls
    .filter(({ status, apiStatus }) => status !== 200 || apiStatus !== 200)
    .map(
      ({ at, status, apiStatus }) =>
        `a call at ${at} was answered ${status}, the API said ${apiStatus}`,
    );
}

/**
 * Judges whether tokens stayed fresh: each was renewed before its end, with one token request per renewal and no reuse of
 * a spent refresh token, and every call was answered 200.
 *
 * @param {object} run
 * @param {readonly LedgerItem[]} run.items the ledger from the first token of this lifetime on
 * @param {readonly CallRecord[]} run.calls
 * @param {Readonly<Record<string, string>>} run.dialects the sandbox's dialect of each registrationId
 * @param {number} run.lifetimeMs of the access tokens
 * @param {number} run.until when the run ended, epoch ms
 * @returns {Judgement}
 */
export function judgeFreshness({ items, calls, dialects, lifetimeMs, until }) {
  /** @type {Judgement} */
  const judgement = { problems: [], figures: {} };
  for (const [registrationId, dialect] of Object.entries(dialects)) {
    const own = items
      .filter((item) => item.dialect === dialect)
      .sort((one, other) => one.at - other.at);
    const issues = own.filter(({ issued }) => issued !== undefined);
    const ownCalls = calls.filter((call) => call.registrationId === registrationId);
    const failed = own
      .filter(({ issued }) => issued === undefined)
      .map(({ at, grant, status, error }) => `${grant} at ${at} failed: ${status} ${error ?? ''}`);
    const problems = [
      ...failed,
      ...renewalProblems(issues, { lifetimeMs, until }),
      ...reuseProblems(own),
      ...(ownCalls.length === 0 ? ['no call was made'] : callProblems(ownCalls)),
    ];
    judgement.problems.push(...problems.map((problem) => `${registrationId}: ${problem}`));
    judgement.figures[registrationId] = describe(issues, ownCalls);
  }
  return judgement;
}

/** @param {readonly LedgerItem[]} issues @param {readonly CallRecord[]} calls @returns {string} */
function describe(issues, calls) {
  const margins = issues
    .slice(1)
    .map(({ at }, index) => (issues[index]?.issued?.expiresAt ?? NaN) - at);
  const times = calls.map(({ milliseconds }) => milliseconds).sort((one, other) => one - other);
  const resent = calls.filter(({ attempts = 1 }) => attempts > 1).length;
  return [
    `${margins.length} renewals`,
    `the closest ${Math.min(...margins)} ms before the end`,
    `${issues.filter(({ grant }) => grant !== 'refresh_token').length} logins`,
    `${calls.length} calls, ${resent} resent`,
    `median ${Math.round(times[Math.floor(times.length / 2)] ?? NaN)} ms, slowest ${Math.round(times.at(-1) ?? NaN)} ms`,
  ].join(', ');
}
