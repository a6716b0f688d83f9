import { z } from 'zod';
import { keyMembers } from '../input/key-schemas.js';
import { strict, text } from '../input/schema-parts.js';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;

/** What makes the connection and frames the body is the HTTP client's to say, and where it goes is the URL's. */
const RESERVED_HEADERS: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

const isCallable = (value: string): boolean => {
  if (!URL.canParse(value)) return false;
  const { protocol, username, password } = new URL(value);
  return /^https?:$/.test(protocol) && username === '' && password === '';
};

const headerName = z
  .string()
  .regex(/^[!#$%&'*+\-.^_`|~\w]+$/, 'is not the name of a header.')
  .refine((name) => !RESERVED_HEADERS.has(name.toLowerCase()), 'is not yours to set.');

const headerValue = z.string('must be a text.').regex(/^[\t\x20-\x7e\x80-\xff]*$/, {
  error: 'holds characters that a header cannot have.',
});

/** The body of `POST /call`. */
export const callRequestSchema = strict({
  ...keyMembers,
  method: text
    .transform((method) => method.toUpperCase())
    .pipe(z.enum(METHODS, { error: `must be one of ${METHODS.join(', ')}.` }))
    .default('GET'),
  url: text
    .max(8192, 'is too long.')
    .refine(isCallable, 'must be an absolute http or https URL without user information.'),
  headers: z.record(headerName, headerValue).default({}),
  body: z.unknown().exactOptional(),
});

/** A call to make with a registration's bearer. A body that is not a text is sent as JSON. */
export type CallRequest = z.infer<typeof callRequestSchema>;
