import type { RawRequest } from './dialect.js';

/** The parameters of a request body, or why they cannot be read. @internal */
export interface Parameters {
  readonly values: ReadonlyMap<string, string>;
  readonly malformed?: string;
}

const header = (request: RawRequest, name: string): string => {
  const value = request.headers[name];
  return typeof value === 'string' ? value : '';
};

const mediaType = (request: RawRequest): string =>
  (header(request, 'content-type').split(';')[0] ?? '').trim().toLowerCase();

/**
 * Reads a form body. A parameter must not come twice, and an empty one counts as absent (RFC 6749, section 3.2).
 *
 * @internal
 */
export function readForm(request: RawRequest): Parameters {
  const values = new Map<string, string>();
  if (mediaType(request) !== 'application/x-www-form-urlencoded') {
    return { values, malformed: 'the body must be application/x-www-form-urlencoded' };
  }
  for (const [name, value] of new URLSearchParams(request.body)) {
    if (values.has(name)) return { values, malformed: 'a parameter comes twice' };
    if (value !== '') values.set(name, value);
  }
  return { values };
}

/**
 * Reads a form or a flat JSON body, as EmpowerID takes both.
 *
 * @internal
 */
export function readFormOrJson(request: RawRequest): Parameters {
  if (mediaType(request) !== 'application/json') return readForm(request);
  const values = new Map<string, string>();
  try {
    const body: unknown = JSON.parse(request.body);
    if (typeof body !== 'object' || body === null || Array.isArray(body)) throw new TypeError();
    for (const [name, value] of Object.entries(body)) {
      if (typeof value === 'string' && value !== '') values.set(name, value);
    }
    return { values };
  } catch {
    return { values, malformed: 'the body is not a JSON object' };
  }
}

/**
 * The two parts of a Basic header as they stand, RFC 7617.
 *
 * @internal
 */
export function readBasic(
  request: RawRequest,
): { readonly name: string; readonly password: string } | undefined {
  const match = /^basic +([a-z0-9+/=_-]+) *$/i.exec(header(request, 'authorization'));
  if (match?.[1] === undefined) return undefined;
  const pair = Buffer.from(match[1], 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  if (colon < 0) return undefined;
  return { name: pair.slice(0, colon), password: pair.slice(colon + 1) };
}

/**
 * Undoes the form encoding of one part of client credentials in a Basic header (RFC 6749, section 2.3.1).
 *
 * @internal
 */
export function formDecode(value: string): string | undefined {
  try {
    return decodeURIComponent(value.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}

/** An optional member: present only when the value is. @internal */
export function optional<Name extends string, Value>(
  name: Name,
  value: Value | undefined,
): Partial<Record<Name, Value>> {
  return value === undefined ? {} : ({ [name]: value } as Record<Name, Value>);
}

/** The members of a call that are named as in RFC 6749. @internal */
export function standardMembers({ values, malformed }: Parameters): {
  clientId?: string;
  clientSecret?: string;
  refreshToken?: string;
  scope?: string;
  malformed?: string;
} {
  return {
    ...optional('clientId', values.get('client_id')),
    ...optional('clientSecret', values.get('client_secret')),
    ...optional('refreshToken', values.get('refresh_token')),
    ...optional('scope', values.get('scope')),
    ...optional('malformed', malformed),
  };
}

/** The user of a password grant named as in RFC 6749, once both parts are there. @internal */
export function readUser(
  values: ReadonlyMap<string, string>,
  nameParameter = 'username',
): { readonly user?: { readonly name: string; readonly password: string } } {
  const name = values.get(nameParameter);
  const password = values.get('password');
  return name === undefined || password === undefined ? {} : { user: { name, password } };
}

/** `expires_in` of a lifetime: whole seconds, never more than there are. @internal */
export function expiresIn(tokens: {
  readonly issuedAt: number;
  readonly expiresAt: number;
}): number {
  const seconds = (tokens.expiresAt - tokens.issuedAt) / 1000;
  return seconds >= 1 ? Math.floor(seconds) : seconds;
}
