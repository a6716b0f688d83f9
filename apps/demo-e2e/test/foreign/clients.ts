import { HttpService } from '@nestjs/axios';
import { Injectable, Module } from '@nestjs/common';
import { ScheduleModule, SchedulerRegistry } from '@nestjs/schedule';
import { Test } from '@nestjs/testing';
import {
  attachOAuth,
  type ClientRegistration,
  type TokenEventMap,
  TokenManager,
  TokenRefresher,
} from '@oauth-token/core';
import {
  InjectOAuthHttp,
  OAUTH_TOKEN_RANDOM,
  OAUTH_TOKEN_REFRESHER_JOB,
  OAuthTokenModule,
} from '@oauth-token/nestjs';
import axios, { type AxiosInstance } from 'axios';

/** The registration that every client here has. */
export const REGISTRATION_ID = 'foreign';

/** Someone who calls the API of a foreign server with tokens that are kept fresh. */
export interface ApiClient {
  readonly http: AxiosInstance;
  readonly manager: TokenManager;
  /** The events so far, by name. */
  readonly events: readonly (keyof TokenEventMap)[];
  /** Sweeps now. */
  tick(): Promise<void>;
  close(): Promise<void>;
}

/** A middling draw: a slow machine does not meet the latest moment that chance allows. */
const MIDDLING = (): number => 0.3;

/** A Nest application with the cron of the defaults and an injected `HttpService`. */
export async function nestClient(
  registration: ClientRegistration,
  baseURL: string,
): Promise<ApiClient> {
  @Injectable()
  class Caller {
    constructor(@InjectOAuthHttp(REGISTRATION_ID) readonly http: HttpService) {}
  }

  @Module({
    imports: [
      OAuthTokenModule.forFeature([{ registrationId: REGISTRATION_ID, axios: { baseURL } }]),
    ],
    providers: [Caller],
  })
  class CallerModule {}

  const application = await Test.createTestingModule({
    imports: [
      ScheduleModule.forRoot(),
      OAuthTokenModule.forRoot({ registrations: [registration] }),
      CallerModule,
    ],
  })
    .overrideProvider(OAUTH_TOKEN_RANDOM)
    .useValue(MIDDLING)
    .compile();
  application.useLogger(false);
  const manager = application.get(TokenManager, { strict: false });
  const events = recordEvents(manager);
  await application.init();
  const scheduler = application.get(SchedulerRegistry, { strict: false });
  return {
    http: application.get(Caller, { strict: false }).http.axiosRef,
    manager,
    events,
    tick: async () => {
      await scheduler.getCronJob(OAUTH_TOKEN_REFRESHER_JOB).fireOnTick();
    },
    close: () => application.close(),
  };
}

/** The same without Nest: a manager, a refresher ticked every second, and an axios instance. */
export async function plainClient(
  registration: ClientRegistration,
  baseURL: string,
): Promise<ApiClient> {
  const manager = new TokenManager({ registrations: [registration], random: MIDDLING });
  const events = recordEvents(manager);
  const refresher = new TokenRefresher(manager);
  const http = axios.create({ baseURL });
  attachOAuth(http, manager.source(REGISTRATION_ID));
  await manager.start();
  const timer = setInterval(() => void refresher.tick(), 1_000);
  return {
    http,
    manager,
    events,
    tick: () => refresher.tick(),
    close: async () => {
      clearInterval(timer);
      await refresher.stop();
      await manager.close();
    },
  };
}

function recordEvents({ events }: TokenManager): readonly (keyof TokenEventMap)[] {
  const seen: (keyof TokenEventMap)[] = [];
  const names = ['acquired', 'refreshed', 'refreshFailed', 'reauthorizationRequired'] as const;
  for (const name of names) events.on(name, () => seen.push(name));
  return seen;
}
