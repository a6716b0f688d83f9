import type { HttpReply, SandboxDialect } from './dialect.js';
import { faultReply, type SandboxFault } from './faults.js';
import { sandboxFingerprint } from './fingerprint.js';
import { optional } from './parameters.js';
import type { SandboxState } from './sandbox-state.js';

/** A call of the protected API, read to its end. @internal */
export interface ApiCall {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly authorization: string | undefined;
  readonly bodyHash: string;
  readonly bodyLength: number;
}

/** What the protected API answers to a call with a live token. @public */
export interface ApiEcho {
  readonly method: string;
  readonly path: string;
  /** As it was sent, without the question mark; absent when there was none. */
  readonly query?: string;
  /** SHA-256 of the raw body, hex. */
  readonly bodyHash: string;
  readonly bodyLength: number;
  readonly dialect: string;
  readonly tokenFingerprint: string;
  readonly subject?: string;
}

/** The challenge says why only when a token was sent (RFC 6750, section 3.1). */
const unauthorized = (bearer: string | undefined): HttpReply => ({
  status: 401,
  headers: {
    'www-authenticate': bearer === undefined ? 'Bearer' : 'Bearer error="invalid_token"',
  },
  body: { error: bearer === undefined ? 'unauthorized' : 'invalid_token' },
});

/**
 * Echoes a call that carries a live token, and refuses any other.
 *
 * @internal
 */
export function answerApiCall(
  state: SandboxState,
  dialect: SandboxDialect,
  call: ApiCall,
  fault: SandboxFault | undefined,
): HttpReply | undefined {
  if (fault?.kind === 'reset' || fault?.kind === 'hang') return undefined;
  const faulty = fault === undefined ? undefined : faultReply(fault);
  if (faulty !== undefined) return faulty;
  const bearer = /^bearer +([^ ].*)$/i.exec(call.authorization ?? '')?.[1];
  const owner = bearer === undefined ? undefined : state.families.ownerOfLive(dialect.name, bearer);
  if (bearer === undefined || owner === undefined) return unauthorized(bearer);
  const { method, path, query, bodyHash, bodyLength } = call;
  const echo: ApiEcho = {
    method,
    path,
    ...(query === '' ? {} : { query }),
    bodyHash,
    bodyLength,
    dialect: dialect.name,
    tokenFingerprint: sandboxFingerprint(bearer),
    ...optional('subject', owner.subject),
  };
  return { status: 200, headers: { 'cache-control': 'no-store' }, body: echo };
}
