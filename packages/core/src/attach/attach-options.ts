import type { getAdapter } from 'axios';
import type { ForeignRedirectPolicy } from './hop-gate.js';

/** What one API call asks of its token. @public */
export interface OAuthCallOptions {
  /** Whose token; the service's own when left out. */
  readonly subject?: string;
  readonly scope?: readonly string[];
  readonly resource?: readonly string[];
  /**
   * `false`: a refused token is renewed for the next call, but this call is not sent again.
   *
   * @defaultValue true
   */
  readonly retry?: boolean;
  /**
   * Makes the body anew, as it goes over the wire, so that a call with a stream can be sent again; the first time too when the
   * call has no body of its own.
   */
  readonly body?: () => unknown;
}

/** Where bearers may go, whatever carries them. @public */
export interface OAuthCallPolicy {
  /**
   * Where the bearer may go: origins (`https://api.example.com`), each with a path prefix at most
   * (`https://api.example.com/v1`). Required with a plain token source; with a registration's own source it narrows what
   * the registration allows.
   */
  readonly allowedOrigins?: readonly string[];
  /**
   * A redirect that leaves the allowed origins is followed without any credential header (`strip`), or ends the call
   * with an {@link OriginNotAllowedError} (`error`).
   *
   * @defaultValue 'strip'
   */
  readonly onForeignRedirect?: ForeignRedirectPolicy;
}

/** How bearers are put on the calls of one axios instance. @public */
export interface AttachOptions extends OAuthCallPolicy {
  /** The `getAdapter` of the axios that made the instance, where that is another copy than `import('axios')` finds. */
  readonly getAdapter?: typeof getAdapter;
}

declare module 'axios' {
  // Type parameters have to be those of axios' own declaration, or the two do not merge.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any, @typescript-eslint/no-unused-vars
  export interface AxiosRequestConfig<D = any, P = any> {
    /** Whose token this call carries; `false` keeps the OAuth token library out of the call altogether. */
    oauth?: OAuthCallOptions | false | undefined;
  }
}
