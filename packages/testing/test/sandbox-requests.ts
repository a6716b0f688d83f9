import type { DialectName } from '../src/index.js';

/** A token answer as the dialects name its members. */
export type TokenBody = Record<string, string | number | null | undefined>;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: TokenBody;
  readonly accessToken: string;
  readonly refreshToken: string;
}

const basic = (name: string, password: string): Record<string, string> => ({
  authorization: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`,
});

const CLIENT = { client_id: 'demo-client', client_secret: 'demo-secret' };

/** How each dialect is asked for tokens, by hand and not through any adapter. */
export const WIRE: Readonly<
  Record<
    DialectName,
    {
      readonly path: string;
      readonly subject: string;
      readonly login: { form: Record<string, string>; headers?: Record<string, string> };
      readonly refresh: (token: string) => Record<string, string>;
    }
  >
> = {
  '2ba': {
    path: '/2ba/OAuth/Token',
    subject: 'demo',
    login: {
      form: { grant_type: 'password', username: 'demo', password: 'demo-password', ...CLIENT },
    },
    refresh: (token) => ({ grant_type: 'refresh_token', refresh_token: token, ...CLIENT }),
  },
  veeam: {
    path: '/veeam/api/oauth2/token',
    subject: 'administrator',
    login: { form: { grantType: 'Password', userName: 'administrator', password: 'Password1' } },
    refresh: (token) => ({ grantType: 'RefreshToken', refreshToken: token }),
  },
  empowerid: {
    path: '/empowerid/oauth/v2/token',
    subject: 'demo@example.com',
    login: {
      form: { grant_type: 'password', scope: 'openid', ...CLIENT },
      headers: basic('demo@example.com', 'demo-password'),
    },
    refresh: (token) => ({ grant_type: 'refresh_token', refresh_token: token, ...CLIENT }),
  },
  oidc: {
    path: '/oidc/token',
    subject: 'demo',
    login: {
      form: { grant_type: 'password', username: 'demo', password: 'demo-password' },
      headers: basic('demo-client', 'demo-secret'),
    },
    refresh: (token) => ({ grant_type: 'refresh_token', refresh_token: token, ...CLIENT }),
  },
};

/** Posts a form. */
export async function post(
  url: string,
  form: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await fetch(url, { method: 'POST', headers, body: new URLSearchParams(form) });
  const text = await response.text();
  const isJson = (response.headers.get('content-type') ?? '').startsWith('application/json');
  const body = (isJson ? JSON.parse(text) : { text }) as TokenBody | null;
  return {
    status: response.status,
    headers: response.headers,
    body: body ?? {},
    accessToken: String(body?.['access_token'] ?? body?.['accessToken']),
    refreshToken: String(body?.['refresh_token'] ?? body?.['refreshToken']),
  };
}

export function login(url: string, dialect: DialectName): Promise<Answer> {
  const { path, login: request } = WIRE[dialect];
  return post(`${url}${path}`, request.form, request.headers);
}

export function refresh(url: string, dialect: DialectName, token: string): Promise<Answer> {
  const { path, refresh: form } = WIRE[dialect];
  return post(`${url}${path}`, form(token));
}

/** Calls the protected API. */
export async function callApi(
  url: string,
  dialect: DialectName,
  accessToken?: string,
  init: RequestInit = {},
): Promise<{ status: number; challenge: string | null; body: Record<string, unknown> }> {
  const response = await fetch(`${url}/${dialect}/api/things/1?page=2`, {
    ...init,
    ...(accessToken === undefined ? {} : { headers: { authorization: `Bearer ${accessToken}` } }),
  });
  return {
    status: response.status,
    challenge: response.headers.get('www-authenticate'),
    body: (await response.json()) as Record<string, unknown>,
  };
}

/** Speaks to the control interface. */
export async function control(
  url: string,
  method: string,
  path: string,
  input?: unknown,
): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${url}/_sandbox/${path}`, {
    method,
    ...(input === undefined ? {} : { body: JSON.stringify(input) }),
  });
  return { status: response.status, body: await response.json() };
}
