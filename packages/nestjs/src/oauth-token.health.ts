import { Inject, Injectable } from '@nestjs/common';
import {
  type ClientRegistration,
  type Clock,
  isStoreUnavailableError,
  type RegistrationSource,
  TokenManager,
  type TokenState,
  type TokenStatus,
} from '@oauth-token/core';
import { OAUTH_TOKEN_CLOCK, RESOLVED_OPTIONS } from './oauth-token.tokens.js';
import type { ResolvedOptions } from './resolved-options.js';

/** How the tokens of the registrations stand, in the shape of a terminus indicator. @public */
export interface OAuthTokenHealth {
  /** `down` when a registration has no valid token although it should. */
  readonly status: 'up' | 'down';
  /** The state of each registration's own token; `unknown` while the store is away. */
  readonly registrations: Readonly<Record<string, TokenState | 'unknown'>>;
  /** The ids whose token is valid but in trouble: its renewal fails. Not down. */
  readonly degraded: readonly string[];
  /** The ids that make it down. */
  readonly down: readonly string[];
}

type Verdict = 'up' | 'degraded' | 'down';

/**
 * Tells a health check how the registrations' own tokens stand. It makes no token request.
 *
 * @example
 * ```ts
 * health.check([() => oauthToken.isHealthy()])
 * ```
 * @public
 */
@Injectable()
export class OAuthTokenHealthIndicator {
  constructor(
    private readonly manager: TokenManager,
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
    @Inject(OAUTH_TOKEN_CLOCK) private readonly clock: Clock,
  ) {}

  /** @param key - the name of the indicator in the answer */
  async isHealthy<Key extends string = 'oauthToken'>(
    key: Key = 'oauthToken' as Key,
  ): Promise<Record<Key, OAuthTokenHealth>> {
    const ids = await this.#registrationIds();
    const looks = await Promise.all(ids.map((id) => this.#look(id)));
    const having = (verdict: Verdict): string[] =>
      looks.filter((look) => look.verdict === verdict).map((look) => look.id);
    const down = having('down');
    const health: OAuthTokenHealth = {
      status: down.length > 0 ? 'down' : 'up',
      registrations: Object.fromEntries(looks.map(({ id, state }) => [id, state])),
      degraded: having('degraded'),
      down,
    };
    return { [key]: health } as Record<Key, OAuthTokenHealth>;
  }

  async #look(
    id: string,
  ): Promise<{ id: string; state: TokenState | 'unknown'; verdict: Verdict }> {
    try {
      const status = await this.manager.status(id);
      return { id, state: status.state, verdict: judge(status, this.clock.now()) };
    } catch (error) {
      // Tokens in memory are served on while the store is away.
      if (isStoreUnavailableError(error)) return { id, state: 'unknown', verdict: 'degraded' };
      throw error;
    }
  }

  async #registrationIds(): Promise<string[]> {
    const { registrations } = this.options.engine;
    const known =
      'find' in registrations && !Array.isArray(registrations)
        ? await (registrations as RegistrationSource).list?.()
        : (registrations as readonly ClientRegistration[]);
    return (known ?? []).map(({ registrationId }) => registrationId);
  }
}

function judge({ state, expiresAt, failure }: TokenStatus, now: number): Verdict {
  const troubled = failure !== undefined || !['none', 'fresh', 'due', 'renewing'].includes(state);
  if (!troubled) return 'up';
  return expiresAt !== undefined && expiresAt > now ? 'degraded' : 'down';
}
