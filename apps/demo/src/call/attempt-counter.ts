import { type AxiosAdapter, getAdapter, type InternalAxiosRequestConfig } from 'axios';
import { createHash } from 'node:crypto';

/**
 * Counts how often one call is sent, and sees whether the bearer changed on the way.
 *
 * It stands in the place of the request's own adapter: the library puts its work around that one, so each sending, with
 * the bearer on it, passes here.
 */
export class AttemptCounter {
  readonly #send = getAdapter('http');
  #attempts = 0;
  #refreshed = false;
  /** Of the last sending's header; the token itself is not kept. */
  #digest: string | undefined;

  readonly adapter: AxiosAdapter = (config) => {
    const digest = digestOf(config);
    this.#refreshed ||= this.#attempts > 0 && digest !== this.#digest;
    this.#attempts += 1;
    this.#digest = digest;
    return this.#send(config);
  };

  /** How often the call was sent. */
  get attempts(): number {
    return this.#attempts;
  }

  /** Whether it was sent again with another token. */
  get refreshed(): boolean {
    return this.#refreshed;
  }
}

const digestOf = ({ headers }: InternalAxiosRequestConfig): string =>
  createHash('sha256')
    .update(String(headers.get('authorization')))
    .digest('base64');
