import type { FailedAnswer, FailureOutcome } from '../provider/token-answer.js';
import type { RenewalReason } from '../record/record-state.js';
import { clampRetryAfter } from '../timing/backoff.js';

/**
 * A time without token requests that all replicas keep. Its outcome is its kind: `throttled` (a provider's server asked for it),
 * `transient` (a token endpoint is down), `misconfigured` (the settings of one registration are refused).
 *
 * When it is over, one request of the whole fleet finds out whether what it was for is over as well. Until one has succeeded the pause stays.
 *
 * @internal
 */
export interface Pause {
  /** Epoch ms on the store's clock. */
  readonly until: number;
  /** How often it was begun without a success in between. */
  readonly attempt: number;
  readonly outcome: FailureOutcome;
  readonly code: string;
  readonly message: string;
  /** Somebody is trying: the others wait for that. */
  readonly probing?: true;
}

/** How long an endpoint that is down is left alone between two tries, ms. */
const DOWN_MS = 10_000;

/** How long one try keeps the others away, ms: one whose process vanished is made by another then. */
const PROBE_MS = 10_000;

const BREAKER_BASE_MS = 30_000;
const THROTTLE_FALLBACK_MS = 5_000;

/** The longest that a misconfiguration is left alone, ms. */
export const BREAKER_CAP_MS = 600_000;

/** Ends that lie closer together than this are the same, ms. */
const SAME_MS = 1_000;

/** The most that those are spread over whom a pause held back, ms. */
const SPREAD_MS = 5_000;
const LEAST_SPREAD_MS = 500;

/** How soon those look again for whom the end of another's try is urgent, ms: no earlier than a look at the store is repeated. */
const MOMENT_MS = 1_000;

/** Failures that are the client's, whatever was asked for. */
const CLIENT_CODES = new Set([
  'invalid_client',
  'unauthorized_client',
  'request_not_built',
  'no_token_endpoint',
  'issuer_mismatch',
  'unexpected_redirect',
]);

/** Failures that say nothing about the endpoint. */
const OWN_CODES = new Set([
  'client_secret_unavailable',
  'transport_closed',
  'invalid_http_options',
  'lease_expired',
]);

/** Whether a misconfiguration concerns all keys of a registration. @internal */
export const isFaultOfClient = ({ code, status }: FailedAnswer): boolean =>
  CLIENT_CODES.has(code) || status === 401 || status === 404 || status === 405;

/** Whether a failure tells that a token endpoint cannot be reached or does not work. @internal */
export const isFaultOfEndpoint = ({ outcome, code }: FailedAnswer): boolean =>
  (outcome === 'transient' || outcome === 'ambiguous') && !OWN_CODES.has(code);

/** Whether the token endpoint itself has answered, with a failure that is not its own. @internal */
export const isAnswered = ({ outcome, status }: FailedAnswer): boolean =>
  status !== undefined && !['transient', 'ambiguous', 'throttled'].includes(outcome);

/** How long a misconfiguration is left alone, ms: longer each time. @internal */
export const breakerDelay = (attempt: number): number =>
  Math.min(BREAKER_BASE_MS * 2 ** Math.min(attempt, 10), BREAKER_CAP_MS);

/** Who a pause does not hold: a person who asks, but for what a server itself has asked for. @internal */
export const passes = ({ outcome }: Pause, reason: RenewalReason, isReplay: boolean): boolean =>
  (reason === 'manual' && outcome !== 'throttled') ||
  // A refresh token whose grace is running out cannot wait; it is repeated once.
  (isReplay && outcome === 'transient');

/**
 * The pause that a failure leads to; none when the present one is for the same.
 *
 * @internal
 */
export function nextPause(
  before: Pause | undefined,
  answer: FailedAnswer,
  now: number,
): Pause | undefined {
  const attempt = before?.attempt ?? 0;
  const until = now + delayOf(answer, attempt);
  if (before !== undefined && before.until > now && before.probing === undefined) {
    // Whatever was under way when it began is part of it, unless the server asks for more.
    const isLonger = answer.outcome === 'throttled' && until > before.until + SAME_MS;
    if (!isLonger) return undefined;
  }
  const { code, message } = answer;
  const outcome = answer.outcome === 'ambiguous' ? 'transient' : answer.outcome;
  return { until, attempt: attempt + 1, outcome, code, message };
}

function delayOf({ outcome, retryAfterMs }: FailedAnswer, attempt: number): number {
  if (outcome === 'misconfigured') return breakerDelay(attempt);
  if (outcome === 'throttled') return clampRetryAfter(retryAfterMs, THROTTLE_FALLBACK_MS);
  return Math.max(DOWN_MS, clampRetryAfter(retryAfterMs, DOWN_MS));
}

/** The pause while somebody tries whether it is over. @internal */
export const probing = (pause: Pause, now: number): Pause => ({
  ...pause,
  until: now + PROBE_MS,
  probing: true,
});

/** A failure as everybody may read it who shares the endpoint: without the words of the server. @internal */
export const endpointDown = (failures: number, { code, retryAfterMs }: FailedAnswer) => ({
  outcome: 'transient' as const,
  code: 'token_endpoint_down',
  message:
    `The token endpoint failed ${failures} times in a row, last with '${code}'. ` +
    `One request every ${DOWN_MS / 1_000} s finds out whether it is back.`,
  ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
});

/**
 * When a key that a pause held back looks again, epoch ms: spread, so that not all come at once, and no later than need be for tokens
 * that end meanwhile.
 *
 * @param expiresAt - of the present access token, epoch ms
 * @param random - from 0 (included) to 1 (excluded)
 * @internal
 */
export function holdUntil(pause: Pause, expiresAt: number, now: number, random: number): number {
  const isUrgent = expiresAt < pause.until + SPREAD_MS;
  const end = isUrgent && pause.probing ? now + MOMENT_MS : pause.until;
  const spread = Math.min(Math.max((expiresAt - end) / 3, LEAST_SPREAD_MS), SPREAD_MS);
  return Math.round(end + random * spread);
}
