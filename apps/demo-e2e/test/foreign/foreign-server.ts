import type { RequestListener } from 'node:http';
import { listen, type HttpServer } from '../support/http-server.js';

/** A token request as the authorization server itself recorded it. */
export interface TokenRequest {
  /** When it was answered, epoch ms. */
  readonly at: number;
  readonly grant: string;
  /** The refresh token that was sent. */
  readonly refreshToken?: string | undefined;
  /** The refresh token that was issued. */
  readonly issued?: string | undefined;
  readonly error?: string;
}

/** A call of the protected API. */
export interface ApiCall {
  /** The caller's name for it. */
  readonly id: string;
  readonly status: number;
}

/** An authorization server that others wrote, with an API that asks it about each bearer. */
export interface ForeignServer {
  readonly issuer: string;
  readonly tokenEndpoint: string;
  readonly api: ProtectedApi;
  /** Its record of token requests, in order. */
  readonly requests: readonly TokenRequest[];
  /** How often it saw a spent refresh token. */
  readonly reuses: () => number;
  /** Ends the access tokens that live now; their refresh tokens live on. */
  endAccessTokens(): Promise<void>;
  /** Ends everything that was issued so far. */
  endGrant(): Promise<void>;
  changeClientSecret(secret: string): Promise<void>;
  stop(): Promise<void>;
}

export const CLIENT = { id: 'a-client', secret: 'a-client-secret-0123456789' } as const;

/** An API that takes bearers which the authorization server knows as live. */
export interface ProtectedApi extends HttpServer {
  readonly calls: readonly ApiCall[];
}

export async function startApi(
  isLive: (accessToken: string) => Promise<boolean>,
): Promise<ProtectedApi> {
  const calls: ApiCall[] = [];
  const answer: RequestListener = (request, response) => {
    const accessToken = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
    void isLive(accessToken).then((live) => {
      const status = live ? 200 : 401;
      calls.push({ id: request.headers['x-call']?.toString() ?? '', status });
      const header = live ? {} : { 'www-authenticate': 'Bearer error="invalid_token"' };
      response.writeHead(status, { 'content-type': 'application/json', ...header });
      response.end(JSON.stringify({ live }));
    });
  };
  return { ...(await listen(answer)), calls };
}
