import {
  type SendOptions,
  type TokenHttpRequest,
  TokenEndpointTransport,
  type TransportResult,
} from '@oauth-token/core';
import type { ManualClock } from '../../src/index.js';

/** A request as the authorization server saw it. */
export interface SentRequest {
  /** Wall clock, epoch ms. */
  readonly at: number;
  readonly url: string;
  readonly grant: string | null;
  readonly refreshToken: string | null;
  readonly form: URLSearchParams;
}

/** How the server behaves; it may take its time by the manual clock. */
export type Behaviour = (
  request: SentRequest,
  options: SendOptions,
) => TransportResult | Promise<TransportResult>;

/** Nothing reached the server. */
export const NOT_SENT: TransportResult = { kind: 'notSent', code: 'ECONNREFUSED', message: 'away' };

/** The request may have been processed; its answer is lost. */
export const LOST: TransportResult = { kind: 'ambiguous', code: 'timeout', message: 'lost' };

/** An answer in JSON. */
export function json(status: number, body: unknown): TransportResult {
  return { kind: 'response', response: { status, headers: {}, body: JSON.stringify(body) } };
}

/** An OAuth error answer. */
export const refusal = (error: string, status = 400): TransportResult => json(status, { error });

/**
 * A token endpoint without a network, for faults whose moment matters to the millisecond. It numbers what it issues: `at1` with `rt1`,
 * `at2` with `rt2`; tokens live for 300 s.
 */
export class ScriptedEndpoint extends TokenEndpointTransport {
  /** The tokens that it was asked to revoke. */
  readonly revoked: (string | null)[] = [];
  /** The most requests for tokens that were under way at one time. */
  mostUnderWay = 0;
  /** How often something was about to be sent. */
  attempts = 0;
  /** How it answers requests for tokens. */
  behaviour: Behaviour = () => this.issue();
  /** What a revocation waits for before it is answered. */
  onRevoke: () => Promise<void> = () => Promise.resolve();
  /** Runs when a connection is made, before the request leaves. */
  onConnect: () => void = () => undefined;
  // Private, so that it does not show when a manager is printed.
  readonly #sent: SentRequest[] = [];
  #issued = 0;
  #underWay = 0;

  constructor(private readonly clock: ManualClock) {
    super();
  }

  /** Every request that left, revocations among them. */
  get sent(): readonly SentRequest[] {
    return this.#sent;
  }

  /** The requests for tokens. */
  get tokenRequests(): readonly SentRequest[] {
    return this.sent.filter(({ grant }) => grant !== null);
  }

  /** The grants that came in, in order. */
  get grants(): readonly (string | null)[] {
    return this.tokenRequests.map(({ grant }) => grant);
  }

  /** The refresh tokens that came in, in order. */
  get refreshTokens(): readonly string[] {
    return this.sent.flatMap(({ refreshToken }) => refreshToken ?? []);
  }

  /** How many token requests have come in. */
  get count(): number {
    return this.tokenRequests.length;
  }

  /** New tokens; `undefined` leaves a member out. */
  issue(members: Readonly<Record<string, unknown>> = {}): TransportResult {
    this.#issued += 1;
    return json(200, {
      access_token: `at${this.#issued}`,
      token_type: 'Bearer',
      expires_in: 300,
      refresh_token: `rt${this.#issued}`,
      ...members,
    });
  }

  /** Issues tokens after so many ms of the manual clock. */
  async issueAfter(ms: number): Promise<TransportResult> {
    await this.pass(ms);
    return this.issue();
  }

  /** Lets time pass by the manual clock. */
  pass(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.clock.setTimer(resolve, ms);
    });
  }

  override async send(request: TokenHttpRequest, options: SendOptions): Promise<TransportResult> {
    this.attempts += 1;
    this.onConnect();
    if (options.maySend?.() === false) {
      return { kind: 'notSent', code: 'lease_expired', message: 'too late' };
    }
    const form = new URLSearchParams(request.body ?? '');
    const seen: SentRequest = {
      at: this.clock.now(),
      url: request.url,
      grant: form.get('grant_type'),
      refreshToken: form.get('refresh_token'),
      form,
    };
    this.#sent.push(seen);
    if (seen.grant === null) {
      this.revoked.push(form.get('token'));
      await this.onRevoke();
      return json(200, {});
    }
    this.#underWay += 1;
    this.mostUnderWay = Math.max(this.mostUnderWay, this.#underWay);
    try {
      return await this.behaviour(seen, options);
    } finally {
      this.#underWay -= 1;
    }
  }

  override close(): Promise<void> {
    return Promise.resolve();
  }
}
