import type {
  FailureOutcome,
  Grant,
  ReceivedTokens,
  TokenHttpRequest,
  TokenRequestContext,
} from '@oauth-token/core';

/** What a token request must be; what is left out is not looked at. @public */
export interface ExpectedRequest {
  readonly method?: TokenHttpRequest['method'];
  readonly url?: string;
  /** Lower-case names; `null` for a header that must not be there. */
  readonly headers?: Readonly<Record<string, string | null>>;
  /** All parameters of a form body, decoded, and no others. */
  readonly form?: Readonly<Record<string, string>>;
  /** The whole JSON body, read. */
  readonly json?: unknown;
  /** Name and password of the Basic header, decoded. */
  readonly basic?: string;
}

/** An answer of a token endpoint. @public */
export interface FixtureResponse {
  /** @defaultValue 200 */
  readonly status?: number;
  /** Lower-case names. */
  readonly headers?: Readonly<Record<string, string>>;
  /** A text, or an object that is sent as JSON. */
  readonly body: string | object;
}

/** What an answer must be read as; what is left out is not looked at. @public */
export interface ExpectedAnswer {
  readonly outcome: 'refreshed' | FailureOutcome;
  /** `undefined` for a member that must be absent. */
  readonly tokens?: Readonly<Partial<Record<keyof ReceivedTokens, unknown>>>;
  readonly code?: string;
  readonly retryAfterMs?: number;
}

/**
 * One exchange with a token endpoint: what is asked for, how the request must look, and what the answer means.
 *
 * @public
 */
export interface ProviderFixture {
  readonly name: string;
  readonly grant: Grant;
  readonly context: TokenRequestContext;
  readonly request?: ExpectedRequest;
  readonly response?: FixtureResponse;
  /** When the request was sent, epoch ms on the store's clock. @defaultValue {@link FIXTURE_SENT_AT} */
  readonly sentAt?: number;
  readonly answer?: ExpectedAnswer;
  /** Members of the answer (by their own names) without which it is another one, such as a success flag: never bent. */
  readonly fixedMembers?: readonly string[];
}

/** When the requests of fixtures are sent unless they say otherwise, epoch ms. @public */
export const FIXTURE_SENT_AT = Date.UTC(2026, 0, 1);
