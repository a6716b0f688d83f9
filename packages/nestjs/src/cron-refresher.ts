import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnModuleInit,
} from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { SchedulerRegistry } from '@nestjs/schedule';
import { type Clock, ConfigurationError, TokenManager, TokenRefresher } from '@oauth-token/core';
import { CronJob } from 'cron';
import { boundedWait } from './bounded-wait.js';
import { OAUTH_TOKEN_CLOCK, OAUTH_TOKEN_RANDOM, RESOLVED_OPTIONS } from './oauth-token.tokens.js';
import type { ResolvedOptions } from './resolved-options.js';

/** The name of the one cron job in the application's scheduler registry. @public */
export const OAUTH_TOKEN_REFRESHER_JOB = 'oauth-token-refresher';

/** Replicas tick by the same cron; each waits a part of this, ms, of its own. */
const PHASE_MS = 1_000;

/**
 * Ticks the refresher by one cron job on the application's scheduler, and drains it at shutdown.
 *
 * The scheduler stops its jobs without waiting for a tick under way, so that waiting is done here.
 *
 * @internal
 */
@Injectable()
export class CronRefresher
  implements OnModuleInit, OnApplicationBootstrap, BeforeApplicationShutdown
{
  readonly #logger = new Logger('OAuthToken');
  #registry: SchedulerRegistry | undefined;
  #job: CronJob | undefined;
  #refresher: TokenRefresher | undefined;
  #endPhase: () => void = () => undefined;
  #failing = false;

  constructor(
    private readonly moduleRef: ModuleRef,
    private readonly manager: TokenManager,
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
    @Inject(OAUTH_TOKEN_CLOCK) private readonly clock: Clock,
    @Inject(OAUTH_TOKEN_RANDOM) private readonly random: () => number,
  ) {}

  /** @throws {@link ConfigurationError} when the application has no scheduler, or another module has this refresher */
  onModuleInit(): void {
    if (this.options.refresher === false) return;
    this.#registry = this.#findRegistry();
    if (!this.#registry.doesExist('cron', OAUTH_TOKEN_REFRESHER_JOB)) return;
    throw new ConfigurationError([
      {
        path: 'refresher',
        message: `the application has a cron job '${OAUTH_TOKEN_REFRESHER_JOB}' already; import OAuthTokenModule.forRoot() once.`,
      },
    ]);
  }

  onApplicationBootstrap(): void {
    const { refresher } = this.options;
    if (refresher === false) return;
    const { cron, batchSize, concurrency } = refresher;
    this.#refresher = new TokenRefresher(this.manager, { batchSize, concurrency });
    const phaseMs = this.random() * PHASE_MS;
    this.#job = CronJob.from({
      name: OAUTH_TOKEN_REFRESHER_JOB,
      cronTime: cron,
      onTick: () => this.#tick(phaseMs),
      waitForCompletion: true,
      unrefTimeout: true,
    });
    this.#registry?.addCronJob(OAUTH_TOKEN_REFRESHER_JOB, this.#job);
    this.#job.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    void this.#job?.stop();
    this.#endPhase();
    if (this.#refresher === undefined) return;
    const { shutdownTimeoutMs } = this.options;
    if (await boundedWait(this.#refresher.stop(), shutdownTimeoutMs, this.clock)) return;
    this.#logger.warn(`Renewals were still under way after ${shutdownTimeoutMs} ms of shutdown.`);
  }

  async #tick(phaseMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = this.clock.setTimer(resolve, phaseMs);
      this.#endPhase = () => {
        timer.cancel();
        resolve();
      };
    });
    try {
      await this.#refresher?.tick();
      this.#failing = false;
    } catch (error) {
      this.#tellFailure(error);
    }
  }

  /** Once per run of failures: the next tick comes in seconds. */
  #tellFailure(error: unknown): void {
    if (this.#failing) return;
    this.#failing = true;
    const reason = error instanceof Error ? error.message : 'unknown reason';
    this.#logger.warn(`The sweep for due tokens failed and goes on with the next tick: ${reason}`);
  }

  #findRegistry(): SchedulerRegistry {
    try {
      return this.moduleRef.get(SchedulerRegistry, { strict: false });
    } catch {
      throw new ConfigurationError([
        {
          path: 'refresher',
          message:
            'there is no scheduler to tick it. Add ScheduleModule.forRoot() of @nestjs/schedule to the imports of your root module, once; or set refresher: false.',
        },
      ]);
    }
  }
}
