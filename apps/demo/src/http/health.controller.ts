import { Controller, Get, UseFilters } from '@nestjs/common';
import { HealthCheckService } from '@nestjs/terminus';
import { OAuthTokenHealthIndicator } from '@oauth-token/nestjs';
import { DemoStore } from '../store/demo-store.js';
import { HealthFilter } from './health.filter.js';

type Answer = ReturnType<HealthCheckService['check']>;

type Indication = Awaited<ReturnType<OAuthTokenHealthIndicator['isHealthy']>>['oauthToken'];

/** `away` is no reason to be down: valid tokens are served on. */
type StoreState = 'up' | 'away';

/** How the service is, for probes and for people. */
@Controller('health')
@UseFilters(HealthFilter)
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly tokens: OAuthTokenHealthIndicator,
    private readonly store: DemoStore,
  ) {}

  /** Red as soon as one registration has no valid token although it should. */
  @Get()
  all(): Answer {
    return this.health.check([() => this.#tokensAndStore()]);
  }

  /** Red only when the process itself is lost: tokens in trouble are no reason to restart it. */
  @Get('live')
  live(): Answer {
    return this.health.check([]);
  }

  /** Red when no registration can be served, and while it shuts down: one in trouble does not take the others away. */
  @Get('ready')
  ready(): Answer {
    return this.health.check([() => this.#serving()]);
  }

  async #serving(): Promise<{ oauthToken: Indication & { store: StoreState } }> {
    const { oauthToken } = await this.#tokensAndStore();
    const known = Object.keys(oauthToken.registrations).length;
    const serves = known === 0 || oauthToken.down.length < known;
    return { oauthToken: { ...oauthToken, status: serves ? 'up' : 'down' } };
  }

  async #tokensAndStore(): Promise<{ oauthToken: Indication & { store: StoreState } }> {
    const [{ oauthToken }, answers] = await Promise.all([
      this.tokens.isHealthy(),
      this.store.answers(),
    ]);
    return { oauthToken: { ...oauthToken, store: answers ? 'up' : 'away' } };
  }
}
