import type { TokenRequestOptions } from '../src/access/token-source.js';
import type { CallAuthorizer, CallCredentials } from '../src/attach/call-authorizer.js';
import { OriginNotAllowedError } from '../src/errors/errors.js';

/** A hand-made call authorizer: hands out `token`, and `next` after that was refused. */
export class TokenDesk implements CallAuthorizer {
  readonly registrationId = 'desk';
  readonly asked: (TokenRequestOptions | undefined)[] = [];
  readonly refused: string[] = [];
  readonly resent: { href: string; status: number }[] = [];
  next: () => Promise<string> = () => Promise.resolve('token-2');
  /** Headers besides the bearer. */
  extra: Record<string, string> = {};

  constructor(
    readonly origins: string[],
    public token = 'token-1',
  ) {}

  getAccessToken(): Promise<string> {
    return Promise.resolve(this.token);
  }

  async renewRejected(rejected: string): Promise<string> {
    this.refused.push(rejected);
    this.token = await this.next();
    return this.token;
  }

  async authorize(url: URL, options?: TokenRequestOptions): Promise<CallCredentials> {
    if (!this.origins.includes(url.origin)) {
      throw new OriginNotAllowedError(this.registrationId, url.origin, this.origins);
    }
    this.asked.push(options);
    return this.#credentials(await this.getAccessToken());
  }

  async reauthorize(rejected: CallCredentials): Promise<CallCredentials> {
    return this.#credentials(await this.renewRejected(rejected.accessToken));
  }

  isRejected({ status }: { status: number }): boolean {
    return status === 401;
  }

  retried(url: URL, status: number): void {
    this.resent.push({ href: url.href, status });
  }

  #credentials(accessToken: string): CallCredentials {
    return {
      accessToken,
      headers: { authorization: `Bearer ${accessToken}`, ...this.extra },
      allows: (url) => this.origins.includes(url.origin),
    };
  }
}
