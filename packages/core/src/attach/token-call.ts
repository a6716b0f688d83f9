import type { TokenRequestOptions } from '../access/token-source.js';
import {
  isStoreUnavailableError,
  isTokenEndpointError,
  isTokenUnavailableError,
  OriginNotAllowedError,
} from '../errors/errors.js';
import type { ApiResponse } from '../provider/provider-adapter.js';
import type { CallAuthorizer, CallCredentials } from './call-authorizer.js';
import { type AnswerDecision, decideAnswer, decideResend } from './call-policy.js';
import { describeOrigin } from './origin-gate.js';

/** How one sending of a call ended, as far as the token goes. @internal */
export interface SentCall {
  readonly credentials: CallCredentials;
  /** Whether the last hop carried the bearer. */
  readonly bearerSent: boolean;
  /** Whether it was a resend. */
  readonly resent: boolean;
}

/** What a renewal after a refusal has led to. @internal */
export type Renewal =
  | { readonly next: 'resend'; readonly credentials: CallCredentials }
  | {
      readonly next: 'surface';
      /** Why there is no other token. */
      readonly cause?: Error;
    };

/** What a call allows to be done with it after a refusal. @internal */
export interface ResendFacts {
  /** Of the answer that refused the token. */
  readonly status: number;
  readonly replayable: boolean;
  /** Whether its caller lets it be sent again. */
  readonly retry: boolean;
}

/**
 * One API call, whatever carries it: asks for its credentials, judges its answers and renews what they refuse. How it is
 * sent is its skin's business.
 *
 * @internal
 */
export class TokenCall {
  constructor(
    readonly source: CallAuthorizer,
    readonly url: URL,
    readonly options: TokenRequestOptions,
  ) {}

  /** The credentials of this call, as the source gives them; to be {@link TokenCall.checked}. Its errors come as they are. */
  authorize(): Promise<CallCredentials> {
    return this.source.authorize(this.url, this.options);
  }

  /**
   * Credentials that may go where this call goes. The source has checked it; a source that did not is no reason to send.
   *
   * @throws {@link OriginNotAllowedError}
   */
  checked(credentials: CallCredentials): CallCredentials {
    if (credentials.allows(this.url)) return credentials;
    throw new OriginNotAllowedError(this.source.registrationId, describeOrigin(this.url), []);
  }

  /** What to do with an answer, by its status and headers. */
  judge(answer: ApiResponse, sent: SentCall): AnswerDecision {
    const { source } = this;
    const rejected = source.isRejected(answer);
    // The bodies of answers that are no refusals are never touched.
    const toldByBody = !rejected && answer.status >= 400 && source.readsBody?.(answer.status);
    const { bearerSent, resent } = sent;
    if (!rejected && !toldByBody && bearerSent) source.accepted?.(sent.credentials);
    return decideAnswer({ answer, rejected, toldByBody: toldByBody === true, bearerSent, resent });
  }

  /** What to do with an answer whose body had to be read. */
  judgeBody(answer: ApiResponse, body: string, sent: SentCall): AnswerDecision {
    if (this.source.isRejectedBody?.(answer, body) === true) return 'renew';
    if (sent.bearerSent) this.source.accepted?.(sent.credentials);
    return 'return';
  }

  /**
   * Has refused credentials replaced, for this call or at least for the next.
   *
   * @throws the errors of the source that tell more than the API's answer does, such as {@link ReauthorizationRequiredError}
   */
  async renew(refused: CallCredentials, facts: ResendFacts): Promise<Renewal> {
    let credentials: CallCredentials;
    try {
      const { source, url, options } = this;
      credentials = this.checked(await source.reauthorize(refused, url, options));
    } catch (error) {
      if (isNoTokenNow(error)) return { next: 'surface', cause: error };
      throw error;
    }
    const { status, replayable, retry } = facts;
    const sameToken = credentials.accessToken === refused.accessToken;
    const next = decideResend({ replayable, retry, sameToken });
    if (next === 'surface') return { next };
    this.source.retried(this.url, status, this.options);
    return { next, credentials };
  }
}

const isNoTokenNow = (error: unknown): error is Error =>
  isTokenUnavailableError(error) || isStoreUnavailableError(error) || isTokenEndpointError(error);
