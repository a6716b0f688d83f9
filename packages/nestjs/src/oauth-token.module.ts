import { type ConfigurableModuleAsyncOptions, type DynamicModule, Module } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { type Clock, ConfigurationError, systemClock, TokenManager } from '@oauth-token/core';
import { CronRefresher } from './cron-refresher.js';
import { EventLog } from './event-log.js';
import { OAuthHttpFactory } from './oauth-http.factory.js';
import { featureModule, type OAuthFeature } from './oauth-token.feature.js';
import { OAuthTokenHealthIndicator } from './oauth-token.health.js';
import { OAuthTokenLifecycle } from './oauth-token.lifecycle.js';
import { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } from './oauth-token.module-definition.js';
import type { OAuthTokenModuleOptions } from './oauth-token.options.js';
import { OAuthTokenService } from './oauth-token.service.js';
import { OAUTH_TOKEN_CLOCK, OAUTH_TOKEN_RANDOM, RESOLVED_OPTIONS } from './oauth-token.tokens.js';
import { type ResolvedOptions, resolveOptions } from './resolved-options.js';

/** The options of `OAuthTokenModule.forRootAsync`. @public */
export type OAuthTokenModuleAsyncOptions = ConfigurableModuleAsyncOptions<
  OAuthTokenModuleOptions,
  'createOAuthTokenOptions'
>;

/**
 * The OAuth 2 token lifecycle of an application: `forRoot` once, `forFeature` where a registration is used.
 *
 * The application imports `ScheduleModule.forRoot()` of `@nestjs/schedule` itself, unless `refresher` is `false`.
 *
 * @public
 */
@Module({
  providers: [
    { provide: OAUTH_TOKEN_CLOCK, useValue: systemClock },
    { provide: OAUTH_TOKEN_RANDOM, useValue: Math.random },
    {
      provide: RESOLVED_OPTIONS,
      inject: [MODULE_OPTIONS_TOKEN, ModulesContainer],
      useFactory: (options: OAuthTokenModuleOptions, modules: ModulesContainer) => {
        assertOnce(modules);
        return resolveOptions(options);
      },
    },
    {
      provide: TokenManager,
      inject: [RESOLVED_OPTIONS, OAUTH_TOKEN_CLOCK, OAUTH_TOKEN_RANDOM],
      useFactory: ({ engine }: ResolvedOptions, clock: Clock, random: () => number) =>
        new TokenManager({ ...engine, clock, random }),
    },
    OAuthTokenService,
    OAuthHttpFactory,
    OAuthTokenHealthIndicator,
    OAuthTokenLifecycle,
    CronRefresher,
    EventLog,
  ],
  exports: [TokenManager, OAuthTokenService, OAuthHttpFactory, OAuthTokenHealthIndicator],
})
export class OAuthTokenModule extends ConfigurableModuleClass {
  /**
   * The module of the whole application, global. Import it once.
   *
   * Bad options end the start with a `ConfigurationError` that names every problem.
   */
  static override forRoot(options: OAuthTokenModuleOptions): DynamicModule {
    return super.forRoot(options);
  }

  /** The same with options that come from other providers: `useFactory`, `useClass` or `useExisting`. */
  static override forRootAsync(options: OAuthTokenModuleAsyncOptions): DynamicModule {
    return super.forRootAsync(options);
  }

  /**
   * The HTTP clients and token sources that one module uses, for `@InjectOAuthHttp(id)` and `@InjectTokenSource(id)`.
   *
   * An id that a list of registrations does not hold ends the start with a `RegistrationNotFoundError`; a registration
   * source is asked at first use.
   */
  static forFeature(features: readonly OAuthFeature[]): DynamicModule {
    return featureModule(features);
  }
}

/** Two managers over the same tokens would renew against each other. */
function assertOnce(modules: ModulesContainer): void {
  const count = [...modules.values()].filter(
    ({ metatype }) => metatype === OAuthTokenModule,
  ).length;
  if (count < 2) return;
  throw new ConfigurationError([
    {
      path: 'OAuthTokenModule.forRoot',
      message: `is imported ${count} times. Import it once, in the root module, and use OAuthTokenModule.forFeature() elsewhere.`,
    },
  ]);
}
