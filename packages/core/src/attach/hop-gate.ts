import { OriginNotAllowedError } from '../errors/errors.js';
import type { CallCredentials } from './call-authorizer.js';
import { describeOrigin } from './origin-gate.js';

/** What is done about a redirect that leaves the allowed origins. @internal */
export type ForeignRedirectPolicy = 'strip' | 'error';

/** What a hop gate is made for. @internal */
export interface GuardedRequest {
  readonly registrationId: string;
  readonly credentials: CallCredentials;
  /** The first URL of the request. */
  readonly url: URL;
  readonly onForeignRedirect: ForeignRedirectPolicy;
}

/**
 * Decides at each redirect of one request whether the credentials ride on.
 *
 * A step from https to http counts as leaving, whatever is allowed. Who has left stays without credentials: a foreign
 * server does not get to choose what is asked of the API in our name.
 *
 * @internal
 */
export class HopGate {
  /** Our own refusal, where a redirect met one. */
  refusal: OriginNotAllowedError | undefined;
  /** Whether the allowed origins were left. */
  left = false;
  /** What the request was first sent with. */
  readonly credentials: CallCredentials;

  constructor(private readonly request: GuardedRequest) {
    this.credentials = request.credentials;
  }

  /**
   * Whether the credentials ride on to the next URL; a URL that cannot be read admits none.
   *
   * @throws {@link OriginNotAllowedError} under the policy `error`
   */
  admits(next: URL | undefined): boolean {
    if (this.left) return false;
    if (next !== undefined && this.#allows(next)) return true;
    const { onForeignRedirect, registrationId, url } = this.request;
    if (onForeignRedirect === 'error') {
      const origin = next === undefined ? 'a URL without an origin' : describeOrigin(next);
      this.refusal = new OriginNotAllowedError(registrationId, origin, [url.origin]);
      throw this.refusal;
    }
    this.left = true;
    return false;
  }

  #allows(next: URL): boolean {
    const { url } = this.request;
    const downgrade = url.protocol === 'https:' && next.protocol !== 'https:';
    return !downgrade && this.credentials.allows(next);
  }
}
