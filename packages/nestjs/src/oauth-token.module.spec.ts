import { HttpService } from '@nestjs/axios';
import { Inject, Injectable, Module } from '@nestjs/common';
import { ScheduleModule, SchedulerRegistry } from '@nestjs/schedule';
import {
  ConfigurationError,
  isConfigurationError,
  MemoryTokenStore,
  type TokenSource,
} from '@oauth-token/core';
import { CronJob } from 'cron';
import { eventually, useBench } from '../test/compile.js';
import {
  getOAuthHttpToken,
  getTokenSourceToken,
  InjectOAuthHttp,
  InjectTokenSource,
  OAUTH_TOKEN_REFRESHER_JOB,
  OAuthTokenModule,
  type OAuthTokenModuleOptions,
  type OAuthTokenOptionsFactory,
  OAuthTokenService,
} from './index.js';

const bench = useBench();

const options = (more: Partial<OAuthTokenModuleOptions> = {}): OAuthTokenModuleOptions => ({
  registrations: [bench.servers.registration()],
  refresher: false,
  ...more,
});

const problemsOf = async (boot: Promise<unknown>): Promise<string[]> => {
  try {
    await boot;
  } catch (error) {
    if (isConfigurationError(error)) return error.problems.map(({ path }) => path);
    throw error;
  }
  return [];
};

describe('forRoot', () => {
  it('boots, logs in behind the start and serves tokens everywhere', async () => {
    const app = await bench.boot([OAuthTokenModule.forRoot(options())]);
    const tokens = app.get(OAuthTokenService, { strict: false });
    const first = await tokens.getAccessToken('acme');
    expect(first).toBe(await tokens.getAccessToken({ registrationId: 'acme' }));
    expect(bench.servers.tokenRequests).toHaveLength(1);
    expect((await tokens.getTokenSet('acme')).accessToken).toBe(first);
    expect(await tokens.status('acme')).toMatchObject({ state: 'fresh', version: 1 });
    expect((await tokens.list()).items).toHaveLength(1);
  });

  it('starts although the authorization server does not answer', async () => {
    const release = bench.servers.hold();
    const app = await bench.boot([OAuthTokenModule.forRoot(options())]);
    await eventually(() => bench.servers.tokenRequests.length === 1);
    expect(await app.get(OAuthTokenService).status('acme')).toMatchObject({ state: 'renewing' });
    release();
  });

  it('leaves a store that was handed in open', async () => {
    const store = new MemoryTokenStore(bench.clock);
    let closed = 0;
    store.close = () => Promise.resolve(void (closed += 1));
    const app = await bench.boot([OAuthTokenModule.forRoot(options({ store }))]);
    await app.get(OAuthTokenService).getAccessToken('acme');
    await app.close();
    expect(closed).toBe(0);
  });

  it('does by hand what the facade offers', async () => {
    const app = await bench.boot([OAuthTokenModule.forRoot(options())]);
    const tokens = app.get(OAuthTokenService);
    const seen: string[] = [];
    tokens.events.on('refreshed', ({ reason }) => seen.push(reason));
    const first = await tokens.getAccessToken('acme');
    expect(await tokens.refresh('acme')).toMatchObject({ outcome: 'refreshed', version: 2 });
    const second = await tokens.renewRejected('acme', first);
    expect(second).not.toBe(first);
    expect(seen).toEqual(['manual']);
    const grant = { type: 'password', username: 'bob', password: 'x' } as const;
    await tokens.authenticate({ registrationId: 'acme', subject: 'bob' }, grant);
    expect(bench.servers.tokenRequests.at(-1)?.get('username')).toBe('bob');
    await tokens.revoke('acme');
    expect(await tokens.status('acme')).toMatchObject({ state: 'none' });
    await tokens.forget({ registrationId: 'acme', subject: 'bob' });
    expect((await tokens.list()).items.map(({ state }) => state)).toEqual(['none']);
  });

  it('names every problem of the options at once', async () => {
    const broken = {
      registrations: [{ ...bench.servers.registration(), clientId: '', allowedOrigins: [] }],
      refresher: { cron: 'every now and then', batchSize: 0, concurrency: -1 },
      timing: { maxWaitMs: 0 },
      shutdownTimeoutMs: 0,
    };
    const paths = await problemsOf(bench.boot([OAuthTokenModule.forRoot(broken)]));
    expect(paths).toEqual([
      'registrations[0].allowedOrigins',
      'registrations[0].clientId',
      'refresher.cron',
      'refresher.batchSize',
      'refresher.concurrency',
      'timing.maxWaitMs',
      'shutdownTimeoutMs',
    ]);
  });

  it.each(['61 * * * * *', '', 'monday'])('refuses the cron expression "%s"', async (cron) => {
    const boot = bench.boot([
      ScheduleModule.forRoot(),
      OAuthTokenModule.forRoot(options({ refresher: { cron } })),
    ]);
    await expect(boot).rejects.toThrow(/refresher\.cron: .*is not a cron expression/);
  });

  it('refuses registrations that are none', async () => {
    const nothing = { refresher: false } as unknown as OAuthTokenModuleOptions;
    expect(await problemsOf(bench.boot([OAuthTokenModule.forRoot(nothing)]))).toEqual([
      'registrations',
    ]);
  });

  it('is refused a second time in one application', async () => {
    @Module({ imports: [OAuthTokenModule.forRoot(options())] })
    class Other {}
    const boot = bench.boot([OAuthTokenModule.forRoot(options()), Other]);
    await expect(boot).rejects.toThrow(/imported 2 times. Import it once/);
  });
});

describe('the scheduler', () => {
  it('is asked for at boot when it is missing', async () => {
    const boot = bench.boot([OAuthTokenModule.forRoot(options({ refresher: {} }))]);
    await expect(boot).rejects.toThrow(ConfigurationError);
    await expect(
      bench.boot([OAuthTokenModule.forRoot(options({ refresher: {} }))]),
    ).rejects.toThrow(/Add ScheduleModule\.forRoot\(\)/);
    expect(bench.servers.tokenRequests).toEqual([]);
  });

  it.each([false as const, { enabled: false }])(
    'is not needed with refresher: %o',
    async (refresher) => {
      await bench.boot([OAuthTokenModule.forRoot(options({ refresher }))]);
      const app = await bench.boot([
        ScheduleModule.forRoot(),
        OAuthTokenModule.forRoot(options({ refresher })),
      ]);
      expect(app.get(SchedulerRegistry, { strict: false }).getCronJobs().size).toBe(0);
    },
  );

  it('holds one job by the fixed name', async () => {
    const app = await bench.boot([
      ScheduleModule.forRoot(),
      OAuthTokenModule.forRoot(options({ refresher: {} })),
    ]);
    const jobs = app.get(SchedulerRegistry, { strict: false }).getCronJobs();
    expect([...jobs.keys()]).toEqual([OAUTH_TOKEN_REFRESHER_JOB]);
    expect(jobs.get(OAUTH_TOKEN_REFRESHER_JOB)).toMatchObject({
      isActive: true,
      unrefTimeout: true,
      waitForCompletion: true,
      cronTime: { source: '*/5 * * * * *' },
    });
  });

  it('is not shared with another job of that name', async () => {
    @Injectable()
    class Squatter {
      constructor(@Inject(SchedulerRegistry) registry: SchedulerRegistry) {
        const job = CronJob.from({ cronTime: '* * * * *', onTick: () => undefined });
        registry.addCronJob(OAUTH_TOKEN_REFRESHER_JOB, job);
      }
    }
    const boot = bench.boot(
      [ScheduleModule.forRoot(), OAuthTokenModule.forRoot(options({ refresher: {} }))],
      { providers: [Squatter] },
    );
    await expect(boot).rejects.toThrow(/already; import OAuthTokenModule\.forRoot\(\) once/);
  });
});

describe('forRootAsync', () => {
  @Injectable()
  class Factory implements OAuthTokenOptionsFactory {
    createOAuthTokenOptions(): Promise<OAuthTokenModuleOptions> {
      return Promise.resolve(options());
    }
  }

  @Module({ providers: [Factory], exports: [Factory] })
  class FactoryModule {}

  it.each([
    ['useFactory', { useFactory: () => options() }],
    [
      'useFactory with inject',
      {
        imports: [FactoryModule],
        inject: [Factory],
        useFactory: (factory: Factory) => factory.createOAuthTokenOptions(),
      },
    ],
    ['useClass', { useClass: Factory }],
    ['useExisting', { imports: [FactoryModule], useExisting: Factory }],
  ])('takes %s', async (_name, asyncOptions) => {
    @Module({ imports: [OAuthTokenModule.forFeature(['acme'])] })
    class Feature {}
    const app = await bench.boot([OAuthTokenModule.forRootAsync(asyncOptions), Feature]);
    expect(await app.get(OAuthTokenService).getAccessToken('acme')).toContain('-1');
    expect(app.get(getOAuthHttpToken('acme'), { strict: false })).toBeInstanceOf(HttpService);
  });

  it('ends the start when the factory fails', async () => {
    const failing = { useFactory: () => Promise.reject(new Error('no settings')) };
    await expect(bench.boot([OAuthTokenModule.forRootAsync(failing)])).rejects.toThrow(
      'no settings',
    );
  });
});

describe('forFeature', () => {
  @Injectable()
  class Consumer {
    constructor(
      @InjectOAuthHttp('acme') readonly http: HttpService,
      @InjectTokenSource('acme') readonly tokens: TokenSource,
    ) {}
  }

  it('gives each consuming module its own client and the token source', async () => {
    const feature = (baseURL: string) => ({ registrationId: 'acme', axios: { baseURL } });
    @Module({
      imports: [OAuthTokenModule.forFeature([feature('https://one.example')])],
      providers: [Consumer],
    })
    class One {}
    @Module({ imports: [OAuthTokenModule.forFeature(['acme'])], providers: [Consumer] })
    class Two {}
    const app = await bench.boot([OAuthTokenModule.forRoot(options()), One, Two]);
    const one = app.select(One).get(Consumer, { strict: true });
    const two = app.select(Two).get(Consumer, { strict: true });
    expect(one.http.axiosRef.defaults.baseURL).toBe('https://one.example');
    expect(two.http.axiosRef.defaults.baseURL).toBeUndefined();
    expect(two.tokens.registrationId).toBe('acme');
    expect(await two.tokens.getAccessToken()).toBe(await one.tokens.getAccessToken());
  });

  it('fails the start for an id that the list does not hold, naming it', async () => {
    const boot = bench.boot([
      OAuthTokenModule.forRoot(options()),
      OAuthTokenModule.forFeature(['acme', 'nobody']),
    ]);
    await expect(boot).rejects.toMatchObject({
      code: 'registration_not_found',
      registrationId: 'nobody',
      message: expect.stringContaining('acme') as string,
    });
  });

  it('asks a source at first use', async () => {
    const find = (id: string) =>
      Promise.resolve(id === 'acme' ? bench.servers.registration() : undefined);
    const app = await bench.boot([
      OAuthTokenModule.forRoot(options({ registrations: { find } })),
      OAuthTokenModule.forFeature(['acme', 'nobody']),
    ]);
    const source = (id: string): TokenSource =>
      app.get<TokenSource>(getTokenSourceToken(id), { strict: false });
    expect(await source('acme').getAccessToken()).toContain('-1');
    await expect(source('nobody').getAccessToken()).rejects.toMatchObject({
      code: 'registration_not_found',
    });
  });
});
