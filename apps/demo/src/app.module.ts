import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { ScheduleModule } from '@nestjs/schedule';
import { TerminusModule } from '@nestjs/terminus';
import { OAuthTokenModule } from '@oauth-token/nestjs';
import { ApiCalls } from './call/api-calls.js';
import { ProblemFilter } from './errors/problem.filter.js';
import { CallController } from './http/call.controller.js';
import { HealthController } from './http/health.controller.js';
import { IndexController } from './http/index.controller.js';
import { TokensController } from './http/tokens.controller.js';
import { DEMO_CONFIGURATION, type DemoConfiguration } from './settings/demo-configuration.js';
import { DemoStore } from './store/demo-store.js';
import { StoreModule } from './store/store.module.js';
import { TokenMessagesController } from './tcp/token-messages.controller.js';

/** The demo as a Nest module. */
@Module({})
export class AppModule {
  static register(configuration: DemoConfiguration, demoStore: DemoStore): DynamicModule {
    const { settings, registrations } = configuration;
    const { refreshCron } = settings;
    return {
      module: AppModule,
      imports: [
        ScheduleModule.forRoot(),
        // The library tells failures itself, once each and not at every probe.
        TerminusModule.forRoot({ logger: false }),
        StoreModule.register(demoStore),
        OAuthTokenModule.forRootAsync({
          inject: [DemoStore],
          useFactory: ({ store, lock, spill }: DemoStore) => ({
            registrations,
            ...(store === undefined ? {} : { store }),
            ...(lock === undefined ? {} : { lock }),
            ...(spill === undefined ? {} : { spill }),
            refresher: refreshCron === undefined ? {} : { cron: refreshCron },
          }),
        }),
      ],
      controllers: [
        IndexController,
        HealthController,
        TokensController,
        CallController,
        TokenMessagesController,
      ],
      providers: [
        { provide: DEMO_CONFIGURATION, useValue: configuration },
        { provide: APP_FILTER, useClass: ProblemFilter },
        ApiCalls,
      ],
    };
  }
}
