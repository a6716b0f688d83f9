import { readFileSync } from 'node:fs';
import {
  ConfigurationError,
  type FailedAnswer,
  type Grant,
  type ProviderAdapter,
  type ReceivedTokens,
  type TokenAnswer,
  type TokenHttpRequest,
  type TokenRequestContext,
} from '@oauth-token/core';

/** When the requests of the specs are sent, unless they say otherwise. */
export const SENT_AT = Date.parse('2024-05-01T12:00:00Z');

export const REFRESH: Grant = { type: 'refresh_token', refreshToken: 'canary-refresh' };

export const PASSWORD: Grant = { type: 'password', username: 'user', password: 'canary-password' };

/** A wire sample as its documentation prints it; pages indent with no-break spaces, servers do not. */
export const fixture = (name: string): string =>
  readFileSync(new URL(`../src/fixtures/${name}`, import.meta.url), 'utf8').replaceAll(
    '\u00a0',
    ' ',
  );

/** A token request as the engine would ask for it. */
export function request(
  provider: ProviderAdapter,
  grant: Grant,
  extra: Partial<TokenRequestContext> = {},
): TokenHttpRequest {
  return provider.buildRequest(grant, {
    endpoints: provider.endpoints ?? { token: 'https://discovered.example/token' },
    clientAuthentication: provider.clientAuthentication,
    ...(provider.needsClientId ? { clientId: 'my-client', clientSecret: 'canary-secret' } : {}),
    ...extra,
  });
}

/** What an adapter makes of an answer. */
export function read(
  provider: ProviderAdapter,
  body: unknown,
  options: {
    status?: number;
    headers?: Record<string, string>;
    grant?: Grant;
    sentAt?: number;
  } = {},
): TokenAnswer {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const response = { status: options.status ?? 200, headers: options.headers ?? {}, body: text };
  return provider.parseResponse(response, {
    grant: options.grant ?? REFRESH,
    sentAt: options.sentAt ?? SENT_AT,
  });
}

export function tokensOf(answer: TokenAnswer): ReceivedTokens {
  if (answer.outcome !== 'refreshed') throw new Error(`no tokens: ${answer.code}`);
  return answer.tokens;
}

export function failureOf(answer: TokenAnswer): FailedAnswer {
  if (answer.outcome !== 'refreshed') return answer;
  if (answer.defect === undefined) throw new Error('no failure');
  return answer.defect;
}

/** The options that a factory complains about. */
export function complaints(make: () => unknown): readonly string[] {
  try {
    make();
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems.map(({ path }) => path);
    throw error;
  }
  return [];
}

/** The parameters of a form, by name. */
export const formOf = (made: TokenHttpRequest): Record<string, string> =>
  Object.fromEntries(new URLSearchParams(made.body));
