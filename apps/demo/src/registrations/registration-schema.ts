import { z } from 'zod';
import { strict, text } from '../input/schema-parts.js';
import { clientAuthenticationSchema, tlsSchema } from './provider-catalog.js';

const grant = z.discriminatedUnion(
  'type',
  [
    strict({ type: z.literal('password'), username: text, password: text }),
    strict({ type: z.literal('client_credentials') }),
    strict({ type: z.literal('refresh_token'), refreshToken: text }),
  ],
  {
    error:
      'must be { type: password, username, password }, { type: client_credentials } or { type: refresh_token, refreshToken }.',
  },
);

/**
 * One entry of the registrations file. What a registration cannot do without is looked for later, with everything else
 * that the library checks.
 *
 * @internal
 */
export const registrationSchema = strict({
  registrationId: text.exactOptional(),
  provider: text.exactOptional(),
  providerOptions: z.unknown().exactOptional(),
  clientId: text.exactOptional(),
  clientSecret: text.exactOptional(),
  clientAuthentication: clientAuthenticationSchema.exactOptional(),
  grant: grant.exactOptional(),
  scope: z.array(text).exactOptional(),
  resource: z.array(text).exactOptional(),
  extraParams: z.record(z.string(), text).exactOptional(),
  allowedOrigins: z.array(text).exactOptional(),
  http: strict({
    timeoutMs: z.number().exactOptional(),
    tls: tlsSchema.exactOptional(),
    proxy: text.exactOptional(),
  }).exactOptional(),
  keepFresh: z.boolean().exactOptional(),
  idleAfterMs: z.number().exactOptional(),
  concurrency: z.number().exactOptional(),
});

/** @internal */
export type RegistrationEntry = z.infer<typeof registrationSchema>;

/** The whole file. @internal */
export const fileSchema = strict({
  registrations: z
    .array(z.unknown(), { error: 'must be a list of registrations.' })
    .min(1, 'is empty: name at least one registration.'),
});
