import OAuth2Server from '@node-oauth/oauth2-server';
import type { IncomingMessage, RequestListener } from 'node:http';
import { bodyOf, listen } from '../support/http-server.js';
import { CLIENT, type ForeignServer, startApi, type TokenRequest } from './foreign-server.js';

export const USER = { name: 'alice', password: 'a-password' } as const;

/** `@node-oauth/oauth2-server` with password login and rotation: the second use of a refresh token ends all that was issued. */
export interface OAuth2ServerServer extends ForeignServer {
  changePassword(password: string): void;
}

export async function startOAuth2Server(lifetimeSeconds: number): Promise<OAuth2ServerServer> {
  const memory = new Memory();
  const oauth = new OAuth2Server({
    model: memory.model(),
    accessTokenLifetime: lifetimeSeconds,
    refreshTokenLifetime: 600,
    alwaysIssueNewRefreshToken: true,
  });
  const requests: TokenRequest[] = [];
  const answer: RequestListener = (incoming, outgoing) => {
    void answerTokenRequest(oauth, incoming).then(({ response, seen }) => {
      requests.push(seen);
      outgoing.writeHead(response.status ?? 200, {
        ...response.headers,
        'content-type': 'application/json',
      });
      outgoing.end(JSON.stringify(response.body));
    });
  };
  const server = await listen(answer);
  const api = await startApi((accessToken) => isLive(oauth, accessToken));
  return {
    issuer: server.url,
    tokenEndpoint: `${server.url}/token`,
    api,
    requests,
    reuses: () => memory.reuses,
    endAccessTokens() {
      memory.endAccessTokens();
      return Promise.resolve();
    },
    endGrant() {
      memory.endAll();
      return Promise.resolve();
    },
    changeClientSecret(secret) {
      memory.clientSecret = secret;
      return Promise.resolve();
    },
    changePassword(password) {
      memory.password = password;
    },
    stop: async () => {
      await api.stop();
      await server.stop();
    },
  };
}

/** What the server keeps: clients, users and tokens are its model's part. */
class Memory {
  clientSecret: string = CLIENT.secret;
  password: string = USER.password;
  reuses = 0;
  readonly #tokens = new Map<string, OAuth2Server.Token>();
  readonly #refreshTokens = new Map<string, OAuth2Server.RefreshToken>();
  readonly #spent = new Set<string>();

  endAccessTokens(): void {
    this.#tokens.clear();
  }

  endAll(): void {
    this.#tokens.clear();
    this.#refreshTokens.clear();
  }

  model(): OAuth2Server.PasswordModel & OAuth2Server.RefreshTokenModel {
    return {
      getClient: (id, secret) =>
        found(id === CLIENT.id && secret === this.clientSecret, {
          id,
          grants: ['password', 'refresh_token'],
        }),
      getUser: (name, password) =>
        found(name === USER.name && password === this.password, { name }),
      saveToken: (token, client, user) => Promise.resolve(this.#save({ ...token, client, user })),
      getAccessToken: (accessToken) => Promise.resolve(this.#tokens.get(accessToken)),
      getRefreshToken: (refreshToken) => Promise.resolve(this.#find(refreshToken)),
      revokeToken: ({ refreshToken }) => {
        this.#spent.add(refreshToken);
        return Promise.resolve(this.#refreshTokens.delete(refreshToken));
      },
    };
  }

  #save(token: OAuth2Server.Token): OAuth2Server.Token {
    const { accessToken, refreshToken } = token;
    this.#tokens.set(accessToken, token);
    if (refreshToken !== undefined)
      this.#refreshTokens.set(refreshToken, { ...token, refreshToken });
    return token;
  }

  #find(refreshToken: string): OAuth2Server.RefreshToken | undefined {
    if (this.#spent.has(refreshToken)) {
      this.reuses += 1;
      this.endAll();
    }
    return this.#refreshTokens.get(refreshToken);
  }
}

const found = <Value>(known: boolean, value: Value): Promise<Value | undefined> =>
  Promise.resolve(known ? value : undefined);

async function answerTokenRequest(
  oauth: OAuth2Server,
  incoming: IncomingMessage,
): Promise<{ response: OAuth2Server.Response; seen: TokenRequest }> {
  const body = Object.fromEntries(new URLSearchParams(await bodyOf(incoming)));
  const response = new OAuth2Server.Response({ headers: {} });
  const seen = { grant: body['grant_type'] ?? '', refreshToken: body['refresh_token'] };
  try {
    const token = await oauth.token(toRequest(incoming, body), response);
    return { response, seen: { ...seen, at: Date.now(), issued: token.refreshToken } };
  } catch (error) {
    return { response, seen: { ...seen, at: Date.now(), error: (error as Error).name } };
  }
}

async function isLive(oauth: OAuth2Server, accessToken: string): Promise<boolean> {
  const headers = { authorization: `Bearer ${accessToken}` };
  const request = new OAuth2Server.Request({ headers, method: 'GET', query: {} });
  return oauth.authenticate(request, new OAuth2Server.Response()).then(
    () => true,
    () => false,
  );
}

/** The server asks whether there is a body by its headers. */
const toRequest = ({ headers, method = '' }: IncomingMessage, body: object): OAuth2Server.Request =>
  new OAuth2Server.Request({
    headers: headers as Record<string, string>,
    method,
    query: {},
    body,
  });
