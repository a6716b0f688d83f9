import assert from 'node:assert/strict';
import type {
  Grant,
  GrantType,
  ProviderAdapter,
  TokenHttpRequest,
  TokenRequestContext,
} from '@oauth-token/core';
import type { ExpectedRequest } from './provider-fixture.js';

/** Everything that comes out wrong when it is not encoded, or encoded twice. No colon: a Basic header cannot carry one in a name. */
const awkward = (name: string): string => `${name}+a/b=c!d&e%41 ü€"'?#`;

const GRANTS: Readonly<Record<GrantType, Grant>> = {
  password: { type: 'password', username: awkward('user'), password: awkward('password') },
  client_credentials: { type: 'client_credentials' },
  refresh_token: { type: 'refresh_token', refreshToken: awkward('refresh') },
  authorization_code: {
    type: 'authorization_code',
    code: awkward('code'),
    redirectUri: 'https://app.example.com/cb?a=1&b=2',
    codeVerifier: 'verifier-0123456789-0123456789-0123456789-~._',
  },
};

const formOf = (request: TokenHttpRequest): URLSearchParams | undefined =>
  (request.headers['content-type'] ?? '').startsWith('application/x-www-form-urlencoded')
    ? new URLSearchParams(request.body)
    : undefined;

const basicOf = (request: TokenHttpRequest): string | undefined => {
  const encoded = /^Basic (.+)$/.exec(request.headers['authorization'] ?? '')?.[1];
  return encoded === undefined ? undefined : Buffer.from(encoded, 'base64').toString('utf8');
};

const formDecode = (text: string): string => new URLSearchParams(`x=${text}`).get('x') ?? '';

/** Every value that the request carries, decoded exactly once. */
function carriedValues(request: TokenHttpRequest): readonly string[] {
  const form = formOf(request);
  const json: unknown =
    form === undefined && request.body !== undefined ? JSON.parse(request.body) : undefined;
  const basic = basicOf(request)?.split(/:(.*)/s).slice(0, 2) ?? [];
  // RFC 6749 has client credentials form-encoded in the header; users' credentials stand there as they are (RFC 7617).
  return [...(form?.values() ?? []), ...leaves(json), ...basic, ...basic.map(formDecode)];
}

const leaves = (value: unknown): readonly string[] => {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(leaves) : [];
};

function credentialsOf(grant: Grant): readonly string[] {
  switch (grant.type) {
    case 'password':
      return [grant.username, grant.password];
    case 'refresh_token':
      return [grant.refreshToken];
    case 'authorization_code':
      return [grant.code, grant.codeVerifier ?? ''];
    case 'client_credentials':
      return [];
  }
}

/** Fails when the request is not the expected one. @internal */
export function checkRequest(request: TokenHttpRequest, expected: ExpectedRequest): void {
  if (expected.method !== undefined) assert.equal(request.method, expected.method);
  if (expected.url !== undefined) assert.equal(request.url, expected.url);
  for (const [name, value] of Object.entries(expected.headers ?? {})) {
    assert.equal(request.headers[name], value ?? undefined, `header ${name}`);
  }
  if (expected.form !== undefined) {
    const form = formOf(request);
    assert.ok(form, 'the body is a form');
    const pairs = [...form].map(([name, value]) => `${name}=${value}`).sort();
    const wanted = Object.entries(expected.form).map(([name, value]) => `${name}=${value}`);
    assert.deepEqual(pairs, wanted.sort());
  }
  if (expected.json !== undefined) {
    assert.deepEqual(JSON.parse(request.body ?? ''), expected.json);
  }
  if (expected.basic !== undefined) assert.equal(basicOf(request), expected.basic);
}

/** Fails when a secret is in the URL, raw or encoded, or when a header could break out of its line. @internal */
export function checkNoLeak(request: TokenHttpRequest): void {
  for (const secret of request.secrets) {
    for (const form of [
      secret,
      encodeURIComponent(secret),
      new URLSearchParams({ x: secret }).toString().slice(2),
    ]) {
      assert.ok(!request.url.includes(form), 'no secret is in the URL');
    }
  }
  for (const [name, value] of Object.entries(request.headers)) {
    assert.equal(name, name.toLowerCase(), 'header names are lower-case');
    assert.ok(!/[\r\n\0]/.test(value), `header ${name} stays on its line`);
  }
}

/** Fails when awkward credentials do not arrive as they are: encoded once, told as secrets, and not in the URL. @internal */
export function checkEncoding(
  adapter: ProviderAdapter,
  type: GrantType,
  fixture: TokenRequestContext,
): void {
  const context: TokenRequestContext = {
    ...fixture,
    ...(fixture.clientId === undefined ? {} : { clientId: awkward('client') }),
    ...(fixture.clientSecret === undefined ? {} : { clientSecret: awkward('secret') }),
  };
  const grant = GRANTS[type];
  const request = adapter.buildRequest(deepFreeze(grant), deepFreeze(context));
  checkNoLeak(request);
  const authenticates = context.clientAuthentication !== 'none';
  const carried = carriedValues(request);
  const secrets = [
    ...credentialsOf(grant).slice(grant.type === 'password' ? 1 : 0),
    ...(authenticates && context.clientSecret !== undefined ? [context.clientSecret] : []),
  ];
  for (const secret of secrets) {
    assert.ok(request.secrets.includes(secret), 'each credential is told as a secret');
  }
  const must = [...credentialsOf(grant), ...secrets];
  if (adapter.needsClientId && context.clientId !== undefined) must.push(context.clientId);
  for (const value of must) {
    assert.ok(carried.includes(value), `'${value}' arrives as it is, encoded once`);
  }
  if (!authenticates && context.clientSecret !== undefined) {
    assert.ok(!carried.includes(context.clientSecret), 'a public client sends no secret');
  }
}

/** Freezes a value and all in it, so that whoever changes what was handed in fails. @internal */
export function deepFreeze<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(deepFreeze);
  }
  return value;
}
