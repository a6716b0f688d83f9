import type { InternalAxiosRequestConfig } from 'axios';
import type { TokenRequestOptions } from '../access/token-source.js';
import { compact } from '../util/compact.js';
import type { OAuthCallOptions } from './attach-options.js';

const NOTHING_ASKED: TokenRequestOptions = Object.freeze({});

/**
 * The token that a call asks for.
 *
 * @param signal - ends the wait for it
 * @internal
 */
export function tokenOptions(
  oauth: OAuthCallOptions | false | undefined,
  signal: AbortSignal | undefined,
): TokenRequestOptions {
  if (!oauth) return signal === undefined ? NOTHING_ASKED : { signal };
  const { subject, scope, resource } = oauth;
  return compact({ subject, scope, resource, signal });
}

/** What ends an axios request, and the way to let go of it. @internal */
export interface CallSignal {
  readonly signal: AbortSignal | undefined;
  readonly release: () => void;
}

type CancelSignal = AbortSignal & { unsubscribe?: () => void };

const nothing = (): void => undefined;

/** The `signal` and the `cancelToken` of an axios request in one. @internal */
export function callSignal(config: InternalAxiosRequestConfig): CallSignal {
  const own = config.signal as AbortSignal | undefined;
  if (config.cancelToken === undefined) return { signal: own, release: nothing };
  const cancelled = config.cancelToken.toAbortSignal() as CancelSignal;
  return {
    signal: own === undefined ? cancelled : AbortSignal.any([own, cancelled]),
    release: () => cancelled.unsubscribe?.(),
  };
}
