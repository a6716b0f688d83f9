import { callProblems, reuseProblems } from './judge.mjs';

/** @typedef {import('./judge.mjs').LedgerItem} LedgerItem */
/** @typedef {import('./judge.mjs').CallRecord} CallRecord */
/** @typedef {import('./judge.mjs').Judgement} Judgement */

/** How long a claim lasts, ms: what a killed replica had claimed is offered again then. */
const CLAIM_MS = 10_000;

/** How much later than that the renewal may be sent, ms. */
const SLACK_MS = 1_500;

/** A renewal: the end of the token that it replaced, and when it was sent. @typedef {{ endedAt: number, at: number }} Renewal */

/**
 * Follows each login through its refresh tokens. What a refresh token has led to twice is in no chain a second time.
 *
 * @param {readonly LedgerItem[]} items in order
 * @returns {LedgerItem[][]} of each login the token requests that brought tokens
 */
function chainsOf(items) {
  /** @type {Map<string, LedgerItem[]>} */
  const open = new Map();
  /** @type {LedgerItem[][]} */
  const chains = [];
  for (const item of items) {
    if (item.issued === undefined) continue;
    let chain = open.get(item.refreshToken ?? '');
    if (chain === undefined) chains.push((chain = []));
    else open.delete(item.refreshToken ?? '');
    chain.push(item);
    if (item.issued.refreshToken !== undefined) open.set(item.issued.refreshToken, chain);
  }
  return chains;
}

/** @param {readonly LedgerItem[]} chain @returns {Renewal[]} */
const renewalsOf = (chain) =>
  chain.slice(1).map(({ at }, index) => ({ endedAt: chain[index]?.issued?.expiresAt ?? NaN, at }));

/** No renewal is due in the first half of a lifetime, so one there is a second request for one renewal. @param {readonly LedgerItem[]} chain @returns {string[]} */
const twins = (chain) =>
  chain.slice(1).flatMap(({ at }, index) => {
    const before = chain[index];
    const lifetimeMs = (before?.issued?.expiresAt ?? NaN) - (before?.at ?? NaN);
    const sinceMs = at - (before?.at ?? NaN);
    return sinceMs < lifetimeMs / 2 ? [`two token requests within ${sinceMs} ms, at ${at}`] : [];
  });

/** @param {readonly LedgerItem[][]} chains @param {number} until @returns {string[]} */
const unrenewed = (chains, until) =>
  chains
    .map((chain) => chain.at(-1)?.issued?.expiresAt ?? NaN)
    .filter((endsAt) => !(endsAt >= until))
    .map((endsAt) => `the token that ended at ${endsAt} was not renewed`);

/**
 * Judges a fleet by what the authorization server saw: one login per registration, one token request per renewal, no spent
 * refresh token, no failed request, every token renewed before its end, and every call answered 200 at the first try, which
 * a token past its end would not have been.
 *
 * Of a replica that was killed, what it had claimed may be late: as many tokens as it held claims, and only until its claims end.
 *
 * @param {object} run
 * @param {readonly LedgerItem[]} run.items the whole ledger
 * @param {readonly CallRecord[]} run.calls
 * @param {number} run.registrations how many there are
 * @param {number} run.until when the run ended, epoch ms
 * @param {{ at: number, held: number }} [run.kill] when a replica was killed, and how many claims it held
 * @returns {Judgement}
 */
export function judgeFleet({ items, calls, registrations, until, kill }) {
  const inOrder = [...items].sort((one, other) => one.at - other.at);
  const chains = chainsOf(inOrder);
  const renewals = chains.flatMap(renewalsOf);
  const late = renewals.filter(({ endedAt, at }) => !(at < endedAt));
  const excused = late.filter(
    ({ endedAt, at }) =>
      kill !== undefined && endedAt > kill.at && at < kill.at + CLAIM_MS + SLACK_MS,
  );
  const resent = calls.filter(({ attempts = 1 }) => attempts > 1);
  const problems = [
    ...inOrder
      .filter(({ issued }) => issued === undefined)
      .map(({ at, grant, status, error }) => `${grant} at ${at} failed: ${status} ${error ?? ''}`),
    ...reuseProblems(inOrder),
    ...(chains.length === registrations
      ? []
      : [`${chains.length} logins for ${registrations} registrations`]),
    ...chains.flatMap(twins),
    ...late
      .filter((renewal) => !excused.includes(renewal))
      .map(
        ({ endedAt, at }) => `a token was renewed ${at - endedAt} ms after its end at ${endedAt}`,
      ),
    ...(excused.length > (kill?.held ?? 0)
      ? [`${excused.length} tokens were late after the kill, which left ${kill?.held} claims`]
      : []),
    ...unrenewed(chains, until),
    ...(calls.length === 0 ? ['no call was made'] : callProblems(calls)),
    ...resent.map(({ at, registrationId }) => `${registrationId}: a call at ${at} was sent twice`),
  ];
  return { problems, figures: figuresOf({ chains, renewals, excused, calls, kill }) };
}

/**
 * @param {object} run
 * @param {readonly LedgerItem[][]} run.chains
 * @param {readonly Renewal[]} run.renewals
 * @param {readonly Renewal[]} run.excused
 * @param {readonly CallRecord[]} run.calls
 * @param {{ at: number, held: number } | undefined} run.kill
 * @returns {Record<string, string | number>}
 */
function figuresOf({ chains, renewals, excused, calls, kill }) {
  const margins = renewals.map(({ endedAt, at }) => endedAt - at).filter((margin) => margin > 0);
  const lengths = chains.map(({ length }) => length - 1);
  const times = calls.map(({ milliseconds }) => milliseconds).sort((one, other) => one - other);
  const share = (/** @type {number} */ part) =>
    Math.round(times[Math.floor(times.length * part)] ?? NaN);
  return {
    logins: chains.length,
    renewals: `${renewals.length}, from ${Math.min(...lengths)} to ${Math.max(...lengths)} per login, one token request each`,
    'before the end': `median ${median(margins)} ms, closest ${Math.min(...margins)} ms`,
    ...(kill === undefined
      ? {}
      : {
          kill: `held ${kill.held} claims, ${excused.length} tokens ended before they were taken up${describeLast(excused, kill)}`,
        }),
    calls: `${calls.length}, median ${share(0.5)} ms, 99 % within ${share(0.99)} ms, slowest ${share(1 - 1e-9)} ms`,
  };
}

/** @param {readonly Renewal[]} excused @param {{ at: number }} kill */
const describeLast = (excused, kill) =>
  excused.length === 0
    ? ''
    : `, the last ${Math.max(...excused.map(({ at }) => at)) - kill.at} ms after the kill`;

/** @param {readonly number[]} values @returns {number} */
const median = (values) =>
  [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)] ?? NaN;
