import type { AxiosAdapter, AxiosInstance, AxiosResponse, InternalAxiosRequestConfig } from 'axios';
import type { TokenSource } from '../access/token-source.js';
import type { AttachOptions } from './attach-options.js';
import { AuthorizedCall, type CallTransport } from './authorized-call.js';
import type { CallAuthorizer } from './call-authorizer.js';
import { toCallAuthorizer } from './token-source-authorizer.js';

/** Tells our adapter, also that of another copy of this package. */
const ATTACHED = Symbol.for('@oauth-token/core:attached');

type AdapterChoice = InternalAxiosRequestConfig['adapter'];

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
  const attach = (config: InternalAxiosRequestConfig): InternalAxiosRequestConfig => {
    const chosen = config.adapter ?? instance.defaults.adapter;
    const attached = attachmentOf(chosen);
    // A config that is sent again has our adapter already; one that comes from another instance has that one's.
    if (attached?.authorizer === authorizer) return config;
    config.adapter = wrap(attached === undefined ? chosen : attached.chosen, authorizer, options);
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
  const adapter = async (config: InternalAxiosRequestConfig): Promise<AxiosResponse> => {
    const transport = await resolveTransport(chosen, config, options);
    if (config.oauth === false || hasOwnCredentials(config)) return transport.adapter(config);
    return new AuthorizedCall(config, transport, authorizer).send();
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

/** `Authorization: false` is axios' way to say "none", not a credential. */
const hasOwnCredentials = ({ headers, auth }: InternalAxiosRequestConfig): boolean =>
  Boolean(headers.get('authorization')) || Boolean(auth);

async function resolveTransport(
  chosen: AdapterChoice,
  config: InternalAxiosRequestConfig,
  options: AttachOptions,
): Promise<CallTransport> {
  const { onForeignRedirect = 'strip' } = options;
  if (typeof chosen === 'function') return { adapter: chosen, usesFetch: false, onForeignRedirect };
  // axios is an optional peer: only who attaches needs it.
  const getAdapter = options.getAdapter ?? (await import('axios')).getAdapter;
  const adapter = getAdapter(chosen, config);
  return { adapter, usesFetch: adapter !== getAdapter('http', config), onForeignRedirect };
}
