import {
  attachOAuth,
  attemptsOf,
  createOAuthFetch,
  isRetryable,
  oauthInterceptor,
  type OAuthCallOptions,
  type OAuthCallPolicy,
  type TokenManager,
} from '@oauth-token/core';
import axios, { type AxiosResponse } from 'axios';
import { FormData as UndiciForm, interceptors, request as undiciRequest } from 'undici';
import type { Network } from './network.js';

/** A call, in words that every skin understands. */
export interface Call {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
  readonly oauth?: OAuthCallOptions | false;
  readonly signal?: AbortSignal;
}

/** An answer, whatever status it has. */
export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly attempts: 1 | 2;
  readonly retryable: boolean;
}

export type SendCall = (url: string, call?: Call) => Promise<Answer>;
export type Source = ReturnType<TokenManager['source']>;

/** A way to send calls: how it is made over a network. */
export interface Skin {
  readonly name: string;
  /** A form of the kind that it takes. */
  readonly form: () => unknown;
  readonly make: (network: Network, source: Source, policy?: OAuthCallPolicy) => SendCall;
}

const answerOf = (response: object, status: number, text: string): Answer => ({
  status,
  text,
  attempts: attemptsOf(response),
  retryable: isRetryable(response),
});

function axiosSkin(name: string, adapter: 'http' | 'fetch'): Skin {
  return {
    name,
    form: () => new FormData(),
    make: (network, source, policy) => {
      const http = axios.create({
        adapter,
        proxy: false,
        httpAgent: network.httpAgent,
        httpsAgent: network.httpsAgent,
        validateStatus: null,
        responseType: 'text',
        env: { fetch: fetchOver(network) },
      });
      attachOAuth(http, source, policy);
      return async (url, { body, ...call } = {}) => {
        const response: AxiosResponse<string> = await http.request({ url, data: body, ...call });
        return answerOf(response, response.status, response.data);
      };
    },
  };
}

/** The platform's fetch over the network. */
function fetchOver(network: Network): typeof fetch {
  return (input, init) => {
    const over = { ...init, dispatcher: network.agent };
    return fetch(input, over as unknown as RequestInit);
  };
}

const fetchSkin: Skin = {
  name: 'fetch',
  form: () => new FormData(),
  make: (network, source, policy) => {
    const send = createOAuthFetch(source, { ...policy, fetch: fetchOver(network) });
    return async (url, call = {}) => {
      const response = await send(url, call as RequestInit);
      return answerOf(response, response.status, await response.text());
    };
  },
};

const undiciSkin: Skin = {
  name: 'undici',
  form: () => new UndiciForm(),
  make: (network, source, policy) => {
    const dispatcher = network.agent.compose(
      oauthInterceptor(source, policy),
      interceptors.redirect({ maxRedirections: 20 }),
    );
    return async (url, call = {}) => {
      const response = await undiciRequest(url, { ...(call as object), dispatcher });
      return answerOf(response, response.statusCode, await response.body.text());
    };
  },
};

/** Every way to send calls. */
export const SKINS: readonly Skin[] = [
  axiosSkin('axios', 'http'),
  axiosSkin('axios over fetch', 'fetch'),
  fetchSkin,
  undiciSkin,
];
