import {
  type Check,
  ControlInputError,
  isText,
  oneOf,
  readInput,
  wholeNumberBetween,
} from './control-input.js';
import { DIALECT_NAMES, type DialectName, type HttpReply } from './dialect.js';

/**
 * `delay` acts at once and answers late · `dropAnswer` acts, then resets the connection · `reset` resets it without acting ·
 * `hang` neither acts nor answers ·
 * `status` and `html` answer without acting.
 *
 * @public
 */
export type FaultKind = 'delay' | 'dropAnswer' | 'reset' | 'hang' | 'status' | 'html';

/** A fault for the next requests. @public */
export interface SandboxFault {
  /** @defaultValue all */
  readonly dialect?: DialectName;
  readonly on: 'token' | 'api';
  readonly kind: FaultKind;
  /** How long the answer (or the reset) is held back. @defaultValue 1000 for `delay`, for ever for `hang`, else 0 */
  readonly ms?: number;
  /** @defaultValue 503 of `status`, 500 of `html` */
  readonly status?: number;
  /** Seconds, or an HTTP date. */
  readonly retryAfter?: number | string;
  /** How many requests it meets. @defaultValue 1 */
  readonly times?: number;
}

const KINDS: readonly FaultKind[] = ['delay', 'dropAnswer', 'reset', 'hang', 'status', 'html'];

const isRetryAfter: Check = (value) =>
  (typeof value === 'number' && Number.isFinite(value)) ||
  (isText(value) === undefined && /^[\x20-\x7e]*$/.test(value as string))
    ? undefined
    : 'must be a number of seconds or an HTTP date';

const CHECKS: Readonly<Record<keyof SandboxFault, Check>> = {
  dialect: oneOf(...DIALECT_NAMES),
  on: oneOf('token', 'api'),
  kind: oneOf(...KINDS),
  ms: wholeNumberBetween(0, 3_600_000),
  status: wholeNumberBetween(200, 599),
  retryAfter: isRetryAfter,
  times: wholeNumberBetween(1, 1_000_000),
};

/** Members that only some kinds take; elsewhere they would be lost without a word. */
const TAKEN_BY: readonly (readonly [keyof SandboxFault, readonly FaultKind[]])[] = [
  ['status', ['status', 'html']],
  ['retryAfter', ['status', 'html']],
];

/**
 * The faults that wait for their requests, oldest first.
 *
 * @internal
 */
export class Faults {
  #waiting: { readonly fault: SandboxFault; left: number }[] = [];

  /** @throws {@link ControlInputError} naming each bad field */
  add(input: unknown): SandboxFault {
    const fault = readInput<SandboxFault>(input, CHECKS, ['on', 'kind']);
    const problems = TAKEN_BY.filter(
      ([field, kinds]) => fault[field] !== undefined && !kinds.includes(fault.kind),
    ).map(([field, kinds]) => ({ field, message: `is taken by ${kinds.join(' and ')} only` }));
    if (problems.length > 0) throw new ControlInputError(problems);
    this.#waiting.push({ fault, left: fault.times ?? 1 });
    return fault;
  }

  /** The fault that meets a request now. */
  take(dialect: DialectName, on: SandboxFault['on']): SandboxFault | undefined {
    const entry = this.#waiting.find(
      ({ fault }) => fault.on === on && (fault.dialect ?? dialect) === dialect,
    );
    if (entry === undefined) return undefined;
    entry.left -= 1;
    if (entry.left === 0) this.#waiting = this.#waiting.filter((other) => other !== entry);
    return entry.fault;
  }

  clear(): void {
    this.#waiting = [];
  }
}

/** The error code that usually comes with a status of a token endpoint. */
const ERRORS = new Map([
  [400, 'invalid_grant'],
  [401, 'invalid_client'],
  [429, 'slow_down'],
  [503, 'temporarily_unavailable'],
]);

/** How long a fault holds back what it does, ms. @internal */
export function holdMs({ kind, ms }: SandboxFault): number {
  if (ms !== undefined) return ms;
  if (kind === 'hang') return Infinity;
  return kind === 'delay' ? 1000 : 0;
}

/**
 * The answer of a fault that answers by itself.
 *
 * @internal
 */
export function faultReply(fault: SandboxFault): (HttpReply & { error: string }) | undefined {
  if (fault.kind !== 'status' && fault.kind !== 'html') return undefined;
  const status = fault.status ?? (fault.kind === 'html' ? 500 : 503);
  const fallback = status >= 500 ? 'server_error' : 'invalid_request';
  const error = fault.on === 'api' ? `status_${status}` : (ERRORS.get(status) ?? fallback);
  const headers = {
    ...(fault.retryAfter === undefined ? {} : { 'retry-after': String(fault.retryAfter) }),
    ...(fault.on === 'api' && status === 401
      ? { 'www-authenticate': 'Bearer error="invalid_token"' }
      : {}),
  };
  if (fault.kind === 'status') return { status, headers, error, body: { error } };
  return {
    status,
    headers: { ...headers, 'content-type': 'text/html; charset=utf-8' },
    error: 'html',
    body: `<!doctype html><html><head><title>${status}</title></head><body><h1>Error ${status}</h1></body></html>`,
  };
}
