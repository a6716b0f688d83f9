import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { type Clock, TokenManager } from '@oauth-token/core';
import { boundedWait } from './bounded-wait.js';
import { OAUTH_TOKEN_CLOCK, RESOLVED_OPTIONS } from './oauth-token.tokens.js';
import type { ResolvedOptions } from './resolved-options.js';

/**
 * Opens the token manager with the application and closes it after the last request: what is in flight may still renew until then.
 *
 * @internal
 */
@Injectable()
export class OAuthTokenLifecycle implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #logger = new Logger('OAuthToken');

  constructor(
    private readonly manager: TokenManager,
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
    @Inject(OAUTH_TOKEN_CLOCK) private readonly clock: Clock,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.manager.start();
  }

  async onApplicationShutdown(): Promise<void> {
    const { shutdownTimeoutMs } = this.options;
    if (await boundedWait(this.manager.close(), shutdownTimeoutMs, this.clock)) return;
    this.#logger.warn(
      `Token requests were still under way after ${shutdownTimeoutMs} ms of shutdown; their answers may be lost.`,
    );
  }
}
