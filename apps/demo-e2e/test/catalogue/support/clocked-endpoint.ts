import {
  type Clock,
  TokenEndpointTransport,
  type TokenHttpRequest,
  type TransportResult,
} from '@oauth-token/core';

/** A token endpoint without a network, for thousands of requests whose time is the manual clock's: numbered from `at1` with `rt1` on. */
export class ClockedEndpoint extends TokenEndpointTransport {
  /** How long it takes to answer, by the clock. */
  answerMs = 0;
  lifetimeSeconds = 300;
  /** The most requests that were under way at one time. */
  mostUnderWay = 0;
  /** The refresh tokens that came in, and when. */
  readonly refreshes: { readonly at: number; readonly token: string }[] = [];
  /** What it answers instead of tokens. */
  failure: (() => TransportResult) | undefined;
  /** When requests came in, of whatever grant. */
  readonly sentAt: number[] = [];
  #underWay = 0;
  #issued = 0;

  constructor(private readonly clock: Clock) {
    super();
  }

  override async send({ body }: TokenHttpRequest): Promise<TransportResult> {
    const token = new URLSearchParams(body ?? '').get('refresh_token');
    if (token !== null) this.refreshes.push({ at: this.clock.now(), token });
    this.sentAt.push(this.clock.now());
    this.#underWay += 1;
    this.mostUnderWay = Math.max(this.mostUnderWay, this.#underWay);
    if (this.answerMs > 0) {
      await new Promise<void>((resolve) => this.clock.setTimer(resolve, this.answerMs));
    }
    this.#underWay -= 1;
    return this.failure?.() ?? this.#issue();
  }

  override close(): Promise<void> {
    return Promise.resolve();
  }

  #issue(): TransportResult {
    this.#issued += 1;
    const tokens = {
      access_token: `at${this.#issued}`,
      token_type: 'Bearer',
      expires_in: this.lifetimeSeconds,
      refresh_token: `rt${this.#issued}`,
    };
    return {
      kind: 'response',
      response: { status: 200, headers: {}, body: JSON.stringify(tokens) },
    };
  }
}
