import { ConfigurationError } from '../errors/errors.js';
import type { Grant } from '../model/grant.js';
import { compact } from '../util/compact.js';
import {
  basicCredentials,
  encodeClient,
  type EncodedClient,
} from './client-authentication-encoding.js';
import type { TokenHttpRequest, TokenRequestContext } from './provider-adapter.js';
import type { TokenParameter } from './provider-definition.js';
import type { ResolvedDefinition } from './resolved-definition.js';

type Parameters = [name: TokenParameter, value: string | undefined][];

/** Parameters of a registration whose names tell that their values are credentials. */
const SECRET_NAME = /secret|password|token|assertion|key/i;

function grantParameters(grant: Grant, definition: ResolvedDefinition): Parameters {
  switch (grant.type) {
    case 'password':
      if (definition.userCredentials === 'basicHeader') return [];
      return [
        ['username', grant.username],
        ['password', grant.password],
      ];
    case 'refresh_token':
      return [['refresh_token', grant.refreshToken]];
    case 'authorization_code':
      return [
        ['code', grant.code],
        ['redirect_uri', grant.redirectUri],
        ['code_verifier', grant.codeVerifier],
      ];
    case 'client_credentials':
      return [];
  }
}

/**
 * The credentials of a grant, raw.
 *
 * @internal
 */
export function grantSecrets(grant: Grant): readonly string[] {
  switch (grant.type) {
    case 'password':
      return [grant.password, basicCredentials(grant.username, grant.password)];
    case 'refresh_token':
      return [grant.refreshToken];
    case 'authorization_code':
      return grant.codeVerifier === undefined ? [grant.code] : [grant.code, grant.codeVerifier];
    case 'client_credentials':
      return [];
  }
}

/** The user's Basic header, where the server wants name and password there. */
function userAuthorization(grant: Grant, definition: ResolvedDefinition): string | undefined {
  if (grant.type !== 'password' || definition.userCredentials === 'body') return undefined;
  if (grant.username.includes(':')) {
    throw new ConfigurationError([
      {
        path: 'grant.username',
        message: `must not contain a colon: ${definition.name} takes name and password in a Basic header (RFC 7617)`,
      },
    ]);
  }
  return `Basic ${basicCredentials(grant.username, grant.password)}`;
}

/** A scope is asked for when logging in; a refresh keeps what was granted (RFC 6749, section 6). */
function scopeParameters(grant: Grant, context: TokenRequestContext): Parameters {
  const { scope, resource = [] } = context;
  const asksScope = grant.type === 'password' || grant.type === 'client_credentials';
  const wanted = asksScope && scope !== undefined && scope.length > 0 ? scope.join(' ') : undefined;
  return [['scope', wanted], ...resource.map((value): Parameters[number] => ['resource', value])];
}

/** Adds parameters under their names on the wire. */
function append(form: URLSearchParams, parameters: Parameters, definition: ResolvedDefinition) {
  for (const [name, value] of parameters) {
    if (value !== undefined) form.append(definition.parameterNames[name] ?? name, value);
  }
}

/** Adds literal parameters where the protocol's own do not stand already. */
function appendExtra(
  form: URLSearchParams,
  extra: Readonly<Record<string, string>>,
  definition: ResolvedDefinition,
): void {
  const taken = new Set(form.keys());
  for (const [name, value] of Object.entries(extra)) {
    if (!taken.has(name) && !definition.neverSend.has(name)) form.append(name, value);
  }
}

const clientParameters = (client: EncodedClient): Parameters => [
  ['client_id', client.parameters.client_id],
  ['client_secret', client.parameters.client_secret],
];

/** A form as a request; a name may not be sent twice by way of the registration's own parameters. */
function formRequest(
  url: string,
  form: URLSearchParams,
  authorization: string | undefined,
  definition: ResolvedDefinition,
  secrets: readonly string[],
): TokenHttpRequest {
  return {
    method: 'POST',
    url,
    headers: compact({
      accept: 'application/json',
      ...definition.requestHeaders,
      'content-type': 'application/x-www-form-urlencoded',
      authorization,
    }),
    body: form.toString(),
    secrets: [...new Set(secrets)].filter((secret) => secret !== ''),
  };
}

function assertGrant(grant: Grant, definition: ResolvedDefinition): void {
  if (definition.grants.includes(grant.type)) return;
  throw new ConfigurationError([
    {
      path: 'grant.type',
      message: `${definition.name} has no '${grant.type}' grant; it takes ${definition.grants.join(', ')}`,
    },
  ]);
}

/**
 * The token request of a grant (RFC 6749, sections 4 and 6).
 *
 * @throws {@link ConfigurationError} when the provider has no such grant, or a user name cannot be sent to it
 * @internal
 */
export function buildTokenRequest(
  definition: ResolvedDefinition,
  grant: Grant,
  context: TokenRequestContext,
): TokenHttpRequest {
  assertGrant(grant, definition);
  const user = userAuthorization(grant, definition);
  // There is one Authorization header: where the user's credentials take it, the client goes into the body.
  const client = encodeClient(
    user !== undefined && context.clientAuthentication === 'client_secret_basic'
      ? { ...context, clientAuthentication: 'client_secret_post' }
      : context,
  );
  const form = new URLSearchParams();
  append(form, [['grant_type', definition.grantValues[grant.type] ?? grant.type]], definition);
  append(form, grantParameters(grant, definition), definition);
  append(form, clientParameters(client), definition);
  append(form, scopeParameters(grant, context), definition);
  const extra = { ...definition.extraParameters[grant.type], ...context.extraParams };
  appendExtra(form, extra, definition);
  return formRequest(context.endpoints.token, form, user ?? client.authorization, definition, [
    ...grantSecrets(grant),
    ...client.secrets,
    ...definition.headerSecrets,
    ...Object.entries(extra).flatMap(([name, value]) => (SECRET_NAME.test(name) ? [value] : [])),
  ]);
}

/**
 * The request that revokes a token (RFC 7009, section 2.1), where the context names an endpoint for it.
 *
 * @internal
 */
export function buildRevocationRequest(
  definition: ResolvedDefinition,
  token: { readonly value: string; readonly hint: 'access_token' | 'refresh_token' },
  context: TokenRequestContext,
): TokenHttpRequest | undefined {
  const url = context.endpoints.revoke;
  if (url === undefined) return undefined;
  const client = encodeClient(context);
  const form = new URLSearchParams();
  const parameters: Parameters = [
    ['token', token.value],
    ['token_type_hint', token.hint],
    ...clientParameters(client),
  ];
  append(form, parameters, definition);
  const secrets = [token.value, ...client.secrets, ...definition.headerSecrets];
  return formRequest(url, form, client.authorization, definition, secrets);
}
