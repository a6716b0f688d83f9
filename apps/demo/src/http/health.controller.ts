import { Controller, Get, UseFilters } from '@nestjs/common';
import { HealthCheckService } from '@nestjs/terminus';
import { OAuthTokenHealthIndicator } from '@oauth-token/nestjs';
import { HealthFilter } from './health.filter.js';

type Answer = ReturnType<HealthCheckService['check']>;

/** How the service is, for probes and for people. */
@Controller('health')
@UseFilters(HealthFilter)
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly tokens: OAuthTokenHealthIndicator,
  ) {}

  /** Red as soon as one registration has no valid token although it should. */
  @Get()
  all(): Answer {
    return this.health.check([() => this.tokens.isHealthy()]);
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

  async #serving(): ReturnType<OAuthTokenHealthIndicator['isHealthy']> {
    const { oauthToken } = await this.tokens.isHealthy();
    const known = Object.keys(oauthToken.registrations).length;
    const serves = known === 0 || oauthToken.down.length < known;
    return { oauthToken: { ...oauthToken, status: serves ? 'up' : 'down' } };
  }
}
