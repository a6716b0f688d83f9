import type { AxiosAdapter, AxiosInstance, AxiosResponse, InternalAxiosRequestConfig } from 'axios';
import type { TokenSource } from '../access/token-source.js';
import type { AttachOptions } from './attach-options.js';
import { AuthorizedCall } from './authorized-call.js';
import { type AdapterChoice, type CallTransport, transportOf } from './axios-transport.js';
import type { CallAuthorizer } from './call-authorizer.js';
import { decideRequest } from './call-policy.js';
import { toCallAuthorizer } from './token-source-authorizer.js';

/** Tells our adapter, also that of another copy of this package. */
const ATTACHED = Symbol.for('@oauth-token/core:attached');

/**
 * Puts the bearer of a token source on every call of an axios instance, and sends a call once more when its token was
 * refused and the body can be replayed.
 *
 * The work is done in an adapter around the request's own, where the URL is final and interceptors and transforms have run:
 * a resend repeats the transport alone. Responses and errors leave without the bearer. Calls with an `Authorization` of
 * their own (header or `auth`) and calls with `oauth: false` are left alone.
 *
 * @param instance - an axios instance, 1.19 or later
 * @param source - of a registration, or any token source together with `options.allowedOrigins`
 * @returns the way to detach
 * @throws {@link ConfigurationError} when the allowed origins are missing or wrong
 * @public
 */
export function attachOAuth(
  instance: AxiosInstance,
  source: CallAuthorizer | TokenSource,
  options: AttachOptions = {},
): () => void {
  const authorizer = toCallAuthorizer(source, options.allowedOrigins);
  let last: { readonly chosen: AdapterChoice; readonly adapter: AxiosAdapter } | undefined;
  const wrapped = (chosen: AdapterChoice): AxiosAdapter => {
    if (last === undefined || !isSameChoice(last.chosen, chosen)) {
      last = { chosen, adapter: wrap(chosen, authorizer, options) };
    }
    return last.adapter;
  };
  const attach = (config: InternalAxiosRequestConfig): InternalAxiosRequestConfig => {
    const chosen = config.adapter ?? instance.defaults.adapter;
    const attached = attachmentOf(chosen);
    // A config that is sent again has our adapter already; one that comes from another instance has that one's.
    if (attached?.authorizer === authorizer) return config;
    config.adapter = wrapped(attached === undefined ? chosen : attached.chosen);
    return config;
  };
  // Synchronous, so that it does not change when the user's own interceptors run.
  const id = instance.interceptors.request.use(attach, null, { synchronous: true });
  return () => {
    instance.interceptors.request.eject(id);
  };
}

function wrap(
  chosen: AdapterChoice,
  authorizer: CallAuthorizer,
  options: AttachOptions,
): AxiosAdapter {
  const transportFor = transportOf(chosen, options);
  const send = (
    config: InternalAxiosRequestConfig,
    transport: CallTransport,
  ): Promise<AxiosResponse> => {
    const facts = { optedOut: config.oauth === false, ownCredentials: hasOwnCredentials(config) };
    if (decideRequest(facts) === 'pass') return transport.adapter(config);
    return new AuthorizedCall(config, transport, authorizer).send();
  };
  const adapter = (config: InternalAxiosRequestConfig): Promise<AxiosResponse> => {
    const transport = transportFor(config);
    if (!(transport instanceof Promise)) return send(config, transport);
    return transport.then((loaded) => send(config, loaded));
  };
  const attachment: Attachment = { authorizer, chosen };
  // Not enumerable: errors show their config, and the authorizer holds tokens.
  return Object.defineProperty(adapter, ATTACHED, { value: attachment });
}

/** Whose adapter it is, and which one it is put around. */
interface Attachment {
  readonly authorizer: CallAuthorizer;
  readonly chosen: AdapterChoice;
}

const attachmentOf = (adapter: AdapterChoice): Attachment | undefined =>
  (adapter as { [ATTACHED]?: Attachment } | undefined)?.[ATTACHED];

/** axios copies lists with every request. */
function isSameChoice(one: AdapterChoice, other: AdapterChoice): boolean {
  if (!Array.isArray(one) || !Array.isArray(other)) return one === other;
  return one.length === other.length && one.every((entry, index) => entry === other[index]);
}

/** `Authorization: false` is axios' way to say "none", not a credential. */
const hasOwnCredentials = ({ headers, auth }: InternalAxiosRequestConfig): boolean =>
  Boolean(headers.get('authorization')) || Boolean(auth);
