import type { AxiosRequestConfig } from 'axios';
import { type GuardedRequest, HopGate } from './hop-gate.js';
import type { CallCredentials } from './call-authorizer.js';

type BeforeRedirect = NonNullable<AxiosRequestConfig['beforeRedirect']>;
type RedirectOptions = Parameters<BeforeRedirect>[0];

/**
 * Watches the redirects of one axios request: no credential header follows one that leaves the allowed origins.
 *
 * @internal
 */
export class RedirectGuard extends HopGate {
  /** Whether the last hop carried the bearer: else its 401 says nothing about the token. */
  bearerSent = true;

  /** @param userHook - the user's own `beforeRedirect`, run before anything is taken away */
  constructor(
    request: GuardedRequest,
    private readonly userHook: BeforeRedirect | undefined,
  ) {
    super(request);
  }

  readonly beforeRedirect: BeforeRedirect = (options, response, previous) => {
    this.userHook?.(options, response, previous);
    const href = String(options['href']);
    if (this.admits(URL.canParse(href) ? new URL(href) : undefined)) {
      restoreBearer(options, this.credentials);
    } else {
      // After the user's hook: a popular one copies the headers of the request before.
      stripCredentials(options, this.credentials);
    }
    this.bearerSent = headerEntries(options).some(([, value]) =>
      value.includes(this.credentials.accessToken),
    );
  };
}

function headerEntries(options: RedirectOptions): [string, string][] {
  const headers = (options['headers'] ?? {}) as Record<string, unknown>;
  return Object.entries(headers).map(([name, value]) => [name, String(value)]);
}

/** `follow-redirects` drops it on the way to any other host, also to an allowed one. */
function restoreBearer(options: RedirectOptions, { headers }: CallCredentials): void {
  const { authorization } = headers;
  const sent = options['headers'] as Record<string, unknown> | undefined;
  if (authorization === undefined || sent === undefined) return;
  if (Object.keys(sent).some((name) => name.toLowerCase() === 'authorization')) return;
  sent['authorization'] = authorization;
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
