import { Injectable } from '@nestjs/common';
import {
  type Grant,
  type RefreshOutcome,
  type TokenEvents,
  type TokenKeyInput,
  TokenManager,
  type TokenSet,
  type TokenStatus,
} from '@oauth-token/core';

/**
 * The token lifecycle of all registrations, by hand: get, renew, log in, revoke, look.
 *
 * A key is a registration id, or that with a subject, scope and resource.
 *
 * @public
 */
@Injectable()
export class OAuthTokenService {
  constructor(private readonly manager: TokenManager) {}

  /** What happens to the tokens, without secrets. */
  get events(): TokenEvents {
    return this.manager.events;
  }

  /**
   * An access token that is valid now.
   *
   * @throws {@link ReauthorizationRequiredError} when only a new login can help
   * @throws {@link TokenUnavailableError} when there is none within `timing.maxWaitMs`
   * @throws {@link RegistrationNotFoundError}
   */
  getAccessToken(
    key: TokenKeyInput,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<string> {
    return this.manager.getAccessToken(key, options);
  }

  /** The whole token set that is valid now. Throws like {@link OAuthTokenService.getAccessToken}. */
  getTokenSet(key: TokenKeyInput): Promise<TokenSet> {
    return this.manager.getTokenSet(key);
  }

  /** Renews now, whether due or not. A failed renewal is an outcome, not an error. */
  refresh(key: TokenKeyInput): Promise<RefreshOutcome> {
    return this.manager.refresh(key);
  }

  /**
   * Logs in with a grant and stores the tokens over whatever was there.
   *
   * @throws {@link TokenEndpointError} when the authorization server refused or failed; nothing stored was changed then
   */
  authenticate(key: TokenKeyInput, grant: Grant): Promise<TokenSet> {
    return this.manager.authenticate(key, grant);
  }

  /** Another access token than the one that an API has just refused. Throws like {@link OAuthTokenService.getAccessToken}. */
  renewRejected(key: TokenKeyInput, rejectedAccessToken: string): Promise<string> {
    return this.manager.renewRejected(key, rejectedAccessToken);
  }

  /** Revokes the tokens at the authorization server where it can, and deletes them. */
  revoke(key: TokenKeyInput): Promise<void> {
    return this.manager.revoke(key);
  }

  /** Deletes the tokens; no late answer brings them back. */
  forget(key: TokenKeyInput): Promise<void> {
    return this.manager.forget(key);
  }

  /** How a token stands, without secrets. */
  status(key: TokenKeyInput): Promise<TokenStatus> {
    return this.manager.status(key);
  }

  /** How all tokens stand, page by page, without secrets. */
  list(cursor?: string): Promise<{ items: TokenStatus[]; cursor?: string }> {
    return this.manager.list(cursor);
  }
}
