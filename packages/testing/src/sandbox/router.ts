import type { IncomingMessage, ServerResponse } from 'node:http';
import { answerControl, CONTROL_PATHS } from './control.js';
import type { HttpReply, SandboxDialect } from './dialect.js';
import {
  dialectOfApiPath,
  dialectOfRevocationPath,
  dialectOfTokenPath,
  DIALECTS,
} from './dialects/dialects.js';
import { oidcMetadata } from './dialects/oidc.js';
import { holdMs, type SandboxFault } from './faults.js';
import { hashBody, readText, resetConnection, sendReply } from './http-exchange.js';
import { answerApiCall } from './protected-api.js';
import { answerRevocation } from './revocation-endpoint.js';
import type { SandboxState } from './sandbox-state.js';
import { answerTokenRequest } from './token-endpoint.js';

const DISCOVERY_PATH = '/oidc/.well-known/openid-configuration';

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly method: string;
  readonly path: string;
  readonly query: string;
}

const methodNotAllowed = (allow: string): HttpReply => ({
  status: 405,
  headers: { allow },
  body: { error: 'method_not_allowed', allow },
});

/**
 * Finds the endpoint of a request, and carries out the fault that meets it.
 *
 * @internal
 */
export class Router {
  readonly #held = new Set<NodeJS.Timeout>();

  constructor(private readonly state: SandboxState) {}

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [path = '/', ...query] = (request.url ?? '/').split('?');
    const method = request.method ?? 'GET';
    const exchange = { request, response, method, path, query: query.join('?') };
    const token = dialectOfTokenPath(path);
    if (token !== undefined) return this.#token(exchange, token);
    const api = dialectOfApiPath(path);
    if (api !== undefined) return this.#api(exchange, api);
    this.#send(exchange, await this.#other(exchange));
  }

  /** Drops the answers that are held back. */
  close(): void {
    for (const timer of this.#held) clearTimeout(timer);
    this.#held.clear();
  }

  async #token(exchange: Exchange, dialect: SandboxDialect): Promise<void> {
    if (exchange.method !== 'POST') {
      this.#send(exchange, methodNotAllowed('POST'), dialect);
      return;
    }
    const body = await readText(exchange.request);
    const fault = this.state.faults.take(dialect.name, 'token');
    const request = { headers: exchange.request.headers, body };
    this.#finish(exchange, dialect, fault, answerTokenRequest(this.state, dialect, request, fault));
  }

  async #api(exchange: Exchange, dialect: SandboxDialect): Promise<void> {
    const fault = this.state.faults.take(dialect.name, 'api');
    const { method, path, query, request } = exchange;
    const { authorization } = request.headers;
    const call = { method, path, query, authorization, ...(await hashBody(request)) };
    this.#finish(exchange, dialect, fault, answerApiCall(this.state, dialect, call, fault));
  }

  async #other({ request, method, path }: Exchange): Promise<HttpReply> {
    if (path.startsWith('/_sandbox/')) {
      return answerControl(this.state, method, path, await readText(request));
    }
    const origin = `http://${request.headers.host ?? 'localhost'}`;
    const revocation = dialectOfRevocationPath(path);
    if (revocation !== undefined) {
      if (method !== 'POST') return methodNotAllowed('POST');
      const body = await readText(request);
      return answerRevocation(this.state, revocation, { headers: request.headers, body });
    }
    if (path === DISCOVERY_PATH) return { status: 200, body: oidcMetadata(origin) };
    if (path === '/') return { status: 200, body: sandboxUrls(origin) };
    return { status: 404, body: { error: 'not_found', see: `${origin}/` } };
  }

  /** Does what the fault says with an answer, or sends it. */
  #finish(
    exchange: Exchange,
    dialect: SandboxDialect,
    fault: SandboxFault | undefined,
    reply: HttpReply | undefined,
  ): void {
    const finish = (): void => {
      if (reply === undefined || fault?.kind === 'dropAnswer') resetConnection(exchange.request);
      else this.#send(exchange, reply, dialect);
    };
    const wait = fault === undefined ? 0 : holdMs(fault);
    if (wait === 0) finish();
    else if (wait !== Infinity) this.#hold(finish, wait);
  }

  #hold(callback: () => void, ms: number): void {
    const timer = setTimeout(() => {
      this.#held.delete(timer);
      callback();
    }, ms);
    timer.unref();
    this.#held.add(timer);
  }

  #send({ response }: Exchange, reply: HttpReply, dialect?: SandboxDialect): void {
    const offsetSeconds =
      dialect === undefined ? 0 : this.state.settings.of(dialect.name).dateOffsetSeconds;
    sendReply(response, reply, new Date(this.state.now() + offsetSeconds * 1000));
  }
}

/**
 * What a sandbox serves and where.
 *
 * @public
 */
export function sandboxUrls(origin: string): {
  readonly dialects: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly control: readonly string[];
} {
  const of = ({ name, tokenPaths, revocationPath }: SandboxDialect): Record<string, unknown> => ({
    token: tokenPaths.map((path) => `${origin}${path}`),
    ...(revocationPath === undefined ? {} : { revoke: `${origin}${revocationPath}` }),
    ...(name === 'oidc' ? { discovery: `${origin}${DISCOVERY_PATH}` } : {}),
    api: `${origin}/${name}/api/`,
  });
  return {
    dialects: Object.fromEntries(
      Object.values(DIALECTS).map((dialect) => [dialect.name, of(dialect)]),
    ),
    control: CONTROL_PATHS.map((path) => `${origin}${path}`),
  };
}
