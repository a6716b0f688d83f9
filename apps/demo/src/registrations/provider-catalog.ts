import { ConfigurationError, type ProviderAdapter } from '@oauth-token/core';
import { empowerId, oidc, twoBa, veeamAhv, veeamVbr } from '@oauth-token/providers';
import { z } from 'zod';
import { strict, text } from '../input/schema-parts.js';
import { zodProblems } from '../input/zod-problems.js';

/** TLS settings as a file holds them. @internal */
export const tlsSchema = strict({
  ca: z.union([text, z.array(text)]).exactOptional(),
  cert: text.exactOptional(),
  key: text.exactOptional(),
  passphrase: text.exactOptional(),
  servername: text.exactOptional(),
  rejectUnauthorized: z.boolean().exactOptional(),
});

/** @internal */
export const clientAuthenticationSchema = z.enum(
  ['client_secret_post', 'client_secret_basic', 'none'],
  { error: 'must be client_secret_post, client_secret_basic or none.' },
);

const grantTypes = z.enum([
  'password',
  'client_credentials',
  'refresh_token',
  'authorization_code',
]);

const reuse = z.union(
  [z.enum(['strict', 'reusable']), strict({ graceMs: z.number().positive() })],
  { error: 'must be strict, reusable, or { graceMs: … }.' },
);

const twoBaOptions = strict({
  authority: text.exactOptional(),
  tokenPath: text.exactOptional(),
});

const veeamAhvOptions = strict({
  baseUrl: text,
  tls: tlsSchema.exactOptional(),
  longLivedRefreshToken: z.boolean().exactOptional(),
});

const veeamVbrOptions = strict({
  baseUrl: text,
  apiVersion: text,
  tls: tlsSchema.exactOptional(),
});

const empowerIdOptions = strict({ baseUrl: text, apiKey: text.exactOptional() });

const oidcOptions = strict({
  issuer: text.exactOptional(),
  tokenEndpoint: text.exactOptional(),
  authorizationEndpoint: text.exactOptional(),
  revocationEndpoint: text.exactOptional(),
  introspectionEndpoint: text.exactOptional(),
  userinfoEndpoint: text.exactOptional(),
  name: text.exactOptional(),
  clientAuthentication: clientAuthenticationSchema.exactOptional(),
  refreshTokenReuse: reuse.exactOptional(),
  grants: z.array(grantTypes).exactOptional(),
  defaultLifetimeMs: z.union([z.number().positive(), z.literal('never')]).exactOptional(),
  earliestRefreshBeforeExpiryMs: z.number().positive().exactOptional(),
  expiredStatuses: z.array(z.int()).exactOptional(),
  extras: z.array(text).exactOptional(),
  tls: tlsSchema.exactOptional(),
});

type MakeProvider = (options: unknown) => ProviderAdapter;

function provider<Options>(
  schema: z.ZodType<Options>,
  make: (options: Options) => ProviderAdapter,
): MakeProvider {
  return (options) => {
    const result = schema.safeParse(options);
    if (!result.success) throw new ConfigurationError(zodProblems(result.error));
    return make(result.data);
  };
}

/**
 * The providers by the name that the registrations file gives them. Each makes its adapter from options that nothing has
 * checked yet, and throws a `ConfigurationError` with every problem of them.
 *
 * @internal
 */
export const PROVIDERS: ReadonlyMap<string, MakeProvider> = new Map([
  ['twoBa', provider(twoBaOptions, twoBa)],
  ['veeamAhv', provider(veeamAhvOptions, veeamAhv)],
  ['veeamVbr', provider(veeamVbrOptions, veeamVbr)],
  ['empowerId', provider(empowerIdOptions, empowerId)],
  ['oidc', provider(oidcOptions, oidc)],
]);
