import type { AxiosRequestConfig } from 'axios';
import { OriginNotAllowedError } from '../errors/errors.js';
import type { CallCredentials } from './call-authorizer.js';
import { describeOrigin } from './origin-gate.js';

type BeforeRedirect = NonNullable<AxiosRequestConfig['beforeRedirect']>;
type RedirectOptions = Parameters<BeforeRedirect>[0];

/** What a redirect guard is made for. @internal */
export interface GuardedRequest {
  readonly registrationId: string;
  readonly credentials: CallCredentials;
  /** The first URL of the request. */
  readonly url: URL;
  readonly onForeignRedirect: 'strip' | 'error';
  /** The user's own hook, run first. */
  readonly beforeRedirect?: BeforeRedirect | undefined;
}

/**
 * Watches the redirects of one request: no credential header follows one that leaves the allowed origins.
 *
 * A step from https to http counts as leaving, whatever is allowed.
 *
 * @internal
 */
export class RedirectGuard {
  /** Our own refusal, where a redirect met one. */
  refusal: OriginNotAllowedError | undefined;
  /** Whether the last hop carried the bearer: else its 401 says nothing about the token. */
  bearerSent = true;

  constructor(private readonly request: GuardedRequest) {}

  readonly beforeRedirect: BeforeRedirect = (options, response, previous) => {
    this.request.beforeRedirect?.(options, response, previous);
    const { credentials } = this.request;
    const next = URL.canParse(String(options['href']))
      ? new URL(String(options['href']))
      : undefined;
    if (next === undefined || !this.#allows(next)) {
      if (this.request.onForeignRedirect === 'error') throw this.#refuse(next);
      // After the user's hook: a popular one copies the headers of the request before.
      stripCredentials(options, credentials);
    }
    this.bearerSent = headerEntries(options).some(([, value]) =>
      value.includes(credentials.accessToken),
    );
  };

  #allows(next: URL): boolean {
    const downgrade = this.request.url.protocol === 'https:' && next.protocol !== 'https:';
    return !downgrade && this.request.credentials.allows(next);
  }

  #refuse(next: URL | undefined): OriginNotAllowedError {
    const origin = next === undefined ? 'a URL without an origin' : describeOrigin(next);
    this.refusal = new OriginNotAllowedError(this.request.registrationId, origin, [
      this.request.url.origin,
    ]);
    return this.refusal;
  }
}

function headerEntries(options: RedirectOptions): [string, string][] {
  const headers = (options['headers'] ?? {}) as Record<string, unknown>;
  return Object.entries(headers).map(([name, value]) => [name, String(value)]);
}

/** Takes away what we attached; a header of the same name with a value of the user's own stays. */
function stripCredentials(options: RedirectOptions, credentials: CallCredentials): void {
  const headers = options['headers'] as Record<string, unknown> | undefined;
  for (const [name, value] of headerEntries(options)) {
    const ours = credentials.headers[name.toLowerCase()] === value;
    if (ours || value.includes(credentials.accessToken))
      Reflect.deleteProperty(headers ?? {}, name);
  }
}
