import type { InternalAxiosRequestConfig } from 'axios';
import type { TokenRequestOptions } from '../access/token-source.js';
import { compact } from '../util/compact.js';

/** The token that an axios request asks for, and the way to let go of what ends its wait. @internal */
export interface CallOptions {
  readonly options: TokenRequestOptions;
  readonly release: () => void;
}

/**
 * What an axios request says of its token: whose it is, and the `signal` or `cancelToken` that ends the wait for it.
 *
 * @internal
 */
export function callOptions(config: InternalAxiosRequestConfig): CallOptions {
  const cancelled = config.cancelToken?.toAbortSignal() as CancelSignal | undefined;
  const signals = [config.signal as AbortSignal | undefined, cancelled].filter(
    (signal) => signal !== undefined,
  );
  const signal = signals.length > 1 ? AbortSignal.any(signals) : signals[0];
  const { subject, scope, resource } = config.oauth === false ? {} : (config.oauth ?? {});
  return {
    options: compact({ subject, scope, resource, signal }),
    release: () => cancelled?.unsubscribe?.(),
  };
}

type CancelSignal = AbortSignal & { unsubscribe?: () => void };
