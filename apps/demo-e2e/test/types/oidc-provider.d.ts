/** What the specs use of `oidc-provider`, which comes without types. */
declare module 'oidc-provider' {
  import type { RequestListener } from 'node:http';

  export interface Client {
    clientId: string;
    clientSecret: string;
  }

  interface Payload {
    accountId?: string;
    clientId?: string;
    client?: Client;
    grantId?: string;
    scope?: string;
    gty?: string;
  }

  export class Grant {
    constructor(payload: Payload);
    addOIDCScope(scope: string): void;
    save(): Promise<string>;
    destroy(): Promise<void>;
  }

  export class Token {
    constructor(payload: Payload);
    save(): Promise<string>;
    destroy(): Promise<void>;
  }

  interface TokenModel {
    new (payload: Payload): Token;
    find(value: string): Promise<Token | undefined>;
    revokeByGrantId(grantId: string): Promise<void>;
  }

  export interface Context {
    readonly oidc: { readonly params?: Readonly<Record<string, string | undefined>> };
    readonly body?: { readonly refresh_token?: string };
  }

  export class Provider {
    constructor(issuer: string, configuration: object);
    readonly Client: { find(clientId: string): Promise<Client | undefined> };
    readonly Grant: {
      new (payload: Payload): Grant;
      find(id: string): Promise<Grant | undefined>;
    };
    readonly AccessToken: TokenModel;
    readonly RefreshToken: TokenModel;
    callback(): RequestListener;
    on(event: 'grant.success', listener: (context: Context) => void): this;
    on(
      event: 'grant.error' | 'server_error',
      listener: (context: Context, error: Error) => void,
    ): this;
    on(event: 'grant.revoked', listener: (context: Context, grantId: string) => void): this;
    on(event: 'access_token.saved', listener: (token: Token) => void): this;
  }
}
