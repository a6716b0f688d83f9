import type { AxiosAdapter, getAdapter as GetAdapter, InternalAxiosRequestConfig } from 'axios';
import type { AttachOptions } from './attach-options.js';
import { guardedFetch } from './guarded-fetch.js';
import type { ForeignRedirectPolicy } from './hop-gate.js';

/** The adapter that a request names, as axios takes it. @internal */
export type AdapterChoice = InternalAxiosRequestConfig['adapter'];

/** How a call of axios is sent. @internal */
export interface CallTransport {
  /** The request's own adapter. */
  readonly adapter: AxiosAdapter;
  /** Whether it is axios' fetch adapter, over a fetch that asks us at each redirect. */
  readonly usesFetch: boolean;
  readonly onForeignRedirect: ForeignRedirectPolicy;
}

/**
 * Finds how calls are sent whose adapter was chosen so.
 *
 * @returns a promise only until axios is loaded
 * @internal
 */
export function transportOf(
  chosen: AdapterChoice,
  options: AttachOptions,
): (config: InternalAxiosRequestConfig) => CallTransport | Promise<CallTransport> {
  const { onForeignRedirect = 'strip' } = options;
  if (typeof chosen === 'function') {
    const transport = { adapter: chosen, usesFetch: false, onForeignRedirect };
    return () => transport;
  }
  let getAdapter = options.getAdapter;
  let node: CallTransport | undefined;
  const find = (get: typeof GetAdapter, config: InternalAxiosRequestConfig): CallTransport => {
    const adapter = get(chosen, config);
    if (adapter !== get('http', config)) {
      return { adapter: overGuardedFetch(get, config), usesFetch: true, onForeignRedirect };
    }
    // Node's is the same for every request.
    node = { adapter, usesFetch: false, onForeignRedirect };
    return node;
  };
  return (config) => {
    if (node !== undefined) return node;
    if (getAdapter !== undefined) return find(getAdapter, config);
    // axios is an optional peer: only who attaches needs it.
    return import('axios').then((axios) => {
      getAdapter = axios.getAdapter;
      return find(getAdapter, config);
    });
  };
}

function overGuardedFetch(
  getAdapter: typeof GetAdapter,
  config: InternalAxiosRequestConfig,
): AxiosAdapter {
  const env = { ...config.env, fetch: guardedFetch(config.env?.fetch) };
  return getAdapter('fetch', { ...config, env } as InternalAxiosRequestConfig);
}
