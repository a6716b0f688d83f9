import type { AxiosResponse, InternalAxiosRequestConfig } from 'axios';
import { inspect } from 'node:util';
import { compact } from '../util/compact.js';

/** What is left of a request once its headers are gone. @internal */
export interface RequestSummary {
  readonly method?: string;
  readonly protocol?: string;
  readonly host?: string;
  readonly path?: string;
  readonly res?: { readonly responseUrl: string };
}

type Members = Record<PropertyKey, unknown>;

const isObject = (value: unknown): value is Members => typeof value === 'object' && value !== null;

const text = (value: unknown): string | undefined =>
  typeof value === 'string' ? value : undefined;

/**
 * Takes the bearer out of a response before anyone sees it: the config is the caller's, the request a summary.
 *
 * @internal
 */
export function scrubResponse(response: AxiosResponse, config: InternalAxiosRequestConfig): void {
  const request: unknown = response.request;
  veilStream(response.data, request);
  response.config = config;
  if (request !== undefined) response.request = summarize(request);
}

/**
 * Takes the bearer out of an error and its causes.
 *
 * @internal
 */
export function scrubError(error: unknown, config: InternalAxiosRequestConfig): void {
  const seen = new Set<unknown>();
  const visit = (value: unknown): void => {
    if (!isObject(value) || seen.has(value)) return;
    seen.add(value);
    if (isResponse(value['response'])) scrubResponse(value['response'], config);
    if (isObject(value['config'])) Reflect.set(value, 'config', config);
    if (isObject(value['request'])) Reflect.set(value, 'request', summarize(value['request']));
    visit(value['cause']);
    if (Array.isArray(value['errors'])) value['errors'].forEach(visit);
  };
  visit(error);
}

/**
 * Hides the sockets of a caller's agent from `inspect` and JSON: each remembers the request that it carries, headers and all,
 * and an error shows its config with the agent in it.
 *
 * @internal
 */
export function veilAgents(config: InternalAxiosRequestConfig): void {
  for (const agent of [config.httpAgent, config.httpsAgent] as unknown[]) {
    if (!isObject(agent)) continue;
    for (const name of ['sockets', 'freeSockets', 'requests']) {
      if (!Object.prototype.propertyIsEnumerable.call(agent, name)) continue;
      Reflect.defineProperty(agent, name, { enumerable: false });
    }
  }
}

const isResponse = (value: unknown): value is AxiosResponse => isObject(value) && 'status' in value;

/** Of node's request, of follow-redirects' or of fetch's; a summary stays as it is. */
function summarize(request: unknown): RequestSummary {
  if (!isObject(request)) return {};
  const sent = isObject(request['_currentRequest']) ? request['_currentRequest'] : request;
  const url = text(sent['url']);
  if (url !== undefined && URL.canParse(url))
    return summarizeUrl(text(sent['method']), new URL(url));
  const answer = sent['res'];
  const responseUrl = isObject(answer) ? text(answer['responseUrl']) : undefined;
  return compact({
    method: text(sent['method']),
    protocol: text(sent['protocol']),
    host: text(sent['host']),
    path: text(sent['path']),
    res: responseUrl === undefined ? undefined : { responseUrl },
  });
}

function summarizeUrl(method: string | undefined, url: URL): RequestSummary {
  const { protocol, host, pathname, search } = url;
  return compact({ method, protocol, host, path: pathname + search });
}

/** A body that is still read leads to its socket and request, as do errors that it raises later. */
function veilStream(data: unknown, request: unknown): void {
  if (!isObject(data) || typeof data['pipe'] !== 'function') return;
  veil(data, 'stream of a response');
  if (!isObject(request)) return;
  veil(request, 'request');
  if (isObject(request['_redirectable'])) veil(request['_redirectable'], 'request');
}

function veil(target: Members, name: string): void {
  Object.defineProperty(target, inspect.custom, { value: () => `[${name}]`, configurable: true });
}
