import type { DispatchHandler } from './dispatch-types.js';
import { HopGate } from './hop-gate.js';

/** What is remembered of a handler whose request was answered with a redirect, or was sent again. @internal */
export interface DispatchNote {
  /** Present once there was a redirect. */
  gate?: HopGate;
  /** Where the redirect leads. */
  next?: string;
  /** Whether the one resend is used up. */
  resent?: true;
}

/**
 * Tells the hops of a redirect, and what is tried again, from requests of their own: undici's interceptors send those on with
 * one and the same handler.
 *
 * @internal
 */
export class RedirectNotes {
  readonly #notes = new WeakMap<DispatchHandler, DispatchNote>();

  of(handler: DispatchHandler): DispatchNote | undefined {
    return this.#notes.get(handler);
  }

  /** The note of a handler, to be written on. */
  note(handler: DispatchHandler): DispatchNote {
    const note = this.#notes.get(handler) ?? {};
    this.#notes.set(handler, note);
    return note;
  }
}

/** Where an answer leads, in the form in which the next request shows it. @internal */
export function redirectTarget(
  from: URL,
  status: number,
  location: string | undefined,
): string | undefined {
  if (status < 300 || status > 399 || location === undefined) return undefined;
  if (!URL.canParse(location, from.href)) return undefined;
  const { origin, pathname, search } = new URL(location, from.href);
  return `${origin}${pathname}${search}`;
}
