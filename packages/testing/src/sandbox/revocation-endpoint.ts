import { isClient } from './accounts.js';
import type { HttpReply, RawRequest, SandboxDialect } from './dialect.js';
import { readBasic, readFormOrJson } from './parameters.js';
import type { SandboxState } from './sandbox-state.js';

/**
 * Revokes a token; an unknown one is as good as revoked (RFC 7009, section 2.2).
 *
 * @internal
 */
export function answerRevocation(
  state: SandboxState,
  dialect: SandboxDialect,
  request: RawRequest,
): HttpReply {
  const call = dialect.readTokenCall(request);
  const accounts = state.accounts[dialect.name];
  const basic = readBasic(request);
  const clientId = call.clientId ?? basic?.name;
  if (!isClient(accounts, clientId, call.clientSecret ?? basic?.password)) {
    return dialect.renderError('invalid_client', 'unknown client or wrong secret', call);
  }
  const token = readFormOrJson(request).values.get('token');
  if (token === undefined) {
    return dialect.renderError('invalid_request', 'the token is missing', call);
  }
  state.families.revokeToken(
    { dialect: dialect.name, ...(clientId === undefined ? {} : { clientId }) },
    token,
  );
  return dialect.renderRevoked?.() ?? { status: 200 };
}
