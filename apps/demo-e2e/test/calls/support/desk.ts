import {
  OriginNotAllowedError,
  type TokenManager,
  type TokenRequestOptions,
} from '@oauth-token/core';

type Source = ReturnType<TokenManager['source']>;
type Credentials = Awaited<ReturnType<Source['authorize']>>;

/** A hand-made source of tokens: hands out `token`, and `next` once that was refused. */
export class Desk implements Source {
  readonly registrationId = 'desk';
  readonly asked: unknown[] = [];
  readonly refused: string[] = [];
  readonly accepted = (credentials: Credentials): void => {
    this.taken.push(credentials.accessToken);
  };
  readonly taken: string[] = [];
  readonly resent: { href: string; status: number }[] = [];
  token = 'token-1';
  next: () => Promise<string> = () => Promise.resolve('token-2');
  /** Headers besides the bearer. */
  extra: Record<string, string> = {};
  bodyStatuses: number[] = [];

  /** @param gate - `off` lets every bearer go anywhere */
  constructor(
    readonly origins: string[],
    private readonly gate: 'on' | 'off' = 'on',
  ) {}

  getAccessToken(): Promise<string> {
    return Promise.resolve(this.token);
  }

  async renewRejected(rejected: string): Promise<string> {
    this.refused.push(rejected);
    // A newer one is there already: nothing is asked for.
    if (rejected === this.token) this.token = await this.next();
    return this.token;
  }

  async authorize(url: URL, options?: TokenRequestOptions): Promise<Credentials> {
    if (!this.#allows(url)) {
      throw new OriginNotAllowedError(this.registrationId, url.origin, this.origins);
    }
    this.asked.push(options);
    const subject = options?.subject === undefined ? '' : `.${options.subject}`;
    return this.#credentials(`${await this.getAccessToken()}${subject}`);
  }

  async reauthorize(rejected: Credentials): Promise<Credentials> {
    return this.#credentials(await this.renewRejected(rejected.accessToken));
  }

  isRejected({ status }: { readonly status: number }): boolean {
    return status === 401;
  }

  readsBody(status: number): boolean {
    return this.bodyStatuses.includes(status);
  }

  isRejectedBody(_response: unknown, body: string): boolean {
    return body.startsWith('{"error":"expired"');
  }

  retried(url: URL, status: number): void {
    this.resent.push({ href: url.href, status });
  }

  #allows(url: URL): boolean {
    return this.gate === 'off' || this.origins.includes(url.origin);
  }

  #credentials(accessToken: string): Credentials {
    return {
      accessToken,
      headers: { authorization: `Bearer ${accessToken}`, ...this.extra },
      allows: (url) => this.#allows(url),
    };
  }
}
