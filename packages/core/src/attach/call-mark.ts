/** Told on configs of axios, which whoever repeats a call (axios-retry) hands on; shared by all copies of this package. */
const RESENT = Symbol.for('@oauth-token/core:resent');

/** Told on responses of fetch, and in the `context` of undici's. */
const CALL = Symbol.for('@oauth-token/core:call');

/** What is told about a call beside its answer. @internal */
export interface CallMark {
  attempts: 1 | 2;
  /** `false`: its token was refused and renewed, but its body was spent. */
  retryable?: false;
}

type Marked = Readonly<Record<PropertyKey, unknown>>;

const member = (value: unknown, name: PropertyKey): unknown =>
  typeof value === 'object' && value !== null ? (value as Marked)[name] : undefined;

/** Leaves a mark on a response. @internal */
export function markCall(response: object, mark: CallMark): void {
  Object.defineProperty(response, CALL, { value: mark, configurable: true });
}

/** The context of an undici call with a mark in it, which may still change. @internal */
export function markedContext(context: unknown, mark: CallMark): object {
  return Object.assign({}, context, { [CALL]: mark });
}

/** Marks an axios config as sent again, so that nobody sends it a third time. @internal */
export function markResent(config: object): void {
  Reflect.set(config, RESENT, true);
}

/** Whether an axios config was sent again. @internal */
export const isResent = (config: unknown): boolean => member(config, RESENT) === true;

const markOf = (answer: object): Partial<CallMark> | undefined =>
  (member(answer, CALL) ?? member(member(answer, 'context'), CALL)) as
    Partial<CallMark> | undefined;

/**
 * How often a call was sent: 2 after a refused token was replaced, else 1.
 *
 * @param answer - a response or error of axios, a `Response` of {@link createOAuthFetch}, or what undici's `request` resolves to
 * @public
 */
export function attemptsOf(answer: object): 1 | 2 {
  return isResent(member(answer, 'config')) || markOf(answer)?.attempts === 2 ? 2 : 1;
}

/**
 * Whether a refused call could have been sent again: `false` when its body was a stream without a body factory. Its token
 * was renewed for the next call.
 *
 * @param answer - a response or error of axios, a `Response` of {@link createOAuthFetch}, or what undici's `request` resolves to
 * @public
 */
export function isRetryable(answer: object): boolean {
  return member(answer, 'retryable') !== false && markOf(answer)?.retryable !== false;
}
