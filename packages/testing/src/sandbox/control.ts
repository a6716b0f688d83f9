import { ControlInputError, isFlag, isText, oneOf, readInput } from './control-input.js';
import { DIALECT_NAMES, type DialectName, type HttpReply } from './dialect.js';
import type { SandboxState } from './sandbox-state.js';

/** What to revoke: of all dialects and subjects unless they are named, and both kinds of token unless one is. @public */
export interface RevokeInput {
  readonly dialect?: DialectName;
  readonly accessTokens?: boolean;
  readonly refreshTokens?: boolean;
  readonly subject?: string;
}

const REVOKE_CHECKS = {
  dialect: oneOf(...DIALECT_NAMES),
  accessTokens: isFlag,
  refreshTokens: isFlag,
  subject: isText,
};

/**
 * Revokes what is live now.
 *
 * @throws {@link ControlInputError} naming each bad field
 * @internal
 */
export function revokeLive(
  state: SandboxState,
  input: unknown,
): { readonly accessTokens: number; readonly refreshTokens: number } {
  const { dialect, subject, accessTokens, refreshTokens } = readInput<RevokeInput>(
    input,
    REVOKE_CHECKS,
  );
  const both = accessTokens === undefined && refreshTokens === undefined;
  return state.families.revokeLive({
    dialect,
    subject,
    accessTokens: accessTokens ?? both,
    refreshTokens: refreshTokens ?? both,
  });
}

type Action = (state: SandboxState, input: unknown) => object;

const ACTIONS: Readonly<Record<string, Readonly<Record<string, Action>>>> = {
  '/_sandbox/health': { GET: () => ({ status: 'ok' }) },
  '/_sandbox/ledger': {
    GET: (state) => ({ items: state.ledger.items() }),
    DELETE(state) {
      state.ledger.clear();
      return { items: [] };
    },
  },
  '/_sandbox/settings': {
    GET: (state) => state.settings.all(),
    PUT(state, input) {
      state.settings.change(input);
      return state.settings.all();
    },
  },
  '/_sandbox/revoke': { POST: (state, input) => ({ revoked: revokeLive(state, input) }) },
  '/_sandbox/faults': {
    POST: (state, input) => ({ fault: state.faults.add(input) }),
    DELETE(state) {
      state.faults.clear();
      return {};
    },
  },
};

/** The paths of the control interface. @internal */
export const CONTROL_PATHS: readonly string[] = Object.keys(ACTIONS);

const parse = (body: string): unknown => {
  if (body.trim() === '') return {};
  try {
    return JSON.parse(body) as unknown;
  } catch {
    throw new ControlInputError([{ field: 'body', message: 'must be JSON' }]);
  }
};

/**
 * Answers a request to the control interface.
 *
 * @internal
 */
export function answerControl(
  state: SandboxState,
  method: string,
  path: string,
  body: string,
): HttpReply {
  const actions = Object.hasOwn(ACTIONS, path) ? ACTIONS[path] : undefined;
  if (actions === undefined) {
    return { status: 404, body: { error: 'not_found', known: CONTROL_PATHS } };
  }
  const action = Object.hasOwn(actions, method) ? actions[method] : undefined;
  if (action === undefined) {
    const allow = Object.keys(actions).join(', ');
    return { status: 405, headers: { allow }, body: { error: 'method_not_allowed', allow } };
  }
  try {
    return { status: 200, body: action(state, parse(body)) };
  } catch (error) {
    if (!(error instanceof ControlInputError)) throw error;
    const { message, problems } = error;
    return { status: 400, body: { error: 'invalid_input', message, problems } };
  }
}
