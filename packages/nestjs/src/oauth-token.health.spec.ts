import { MemoryTokenStore, StoreUnavailableError } from '@oauth-token/core';
import { eventually, useBench } from '../test/compile.js';
import {
  OAuthTokenHealthIndicator,
  OAuthTokenModule,
  type OAuthTokenModuleOptions,
  OAuthTokenService,
} from './index.js';

const bench = useBench();

const boot = async (
  more: Partial<OAuthTokenModuleOptions> = {},
): Promise<{ health: OAuthTokenHealthIndicator; tokens: OAuthTokenService }> => {
  const registrations = [bench.servers.registration()];
  const app = await bench.boot([
    OAuthTokenModule.forRoot({ registrations, refresher: false, ...more }),
  ]);
  const tokens = app.get(OAuthTokenService);
  await tokens.getAccessToken('acme').catch(() => undefined);
  return { health: app.get(OAuthTokenHealthIndicator), tokens };
};

it('is up in the shape that terminus takes', async () => {
  const { health } = await boot();
  expect(await health.isHealthy()).toEqual({
    oauthToken: { status: 'up', registrations: { acme: 'fresh' }, degraded: [], down: [] },
  });
  expect(await health.isHealthy('tokens')).toHaveProperty('tokens.status', 'up');
});

it('is up before the first login has ended', async () => {
  const release = bench.servers.hold();
  const registrations = [bench.servers.registration()];
  const app = await bench.boot([OAuthTokenModule.forRoot({ registrations, refresher: false })]);
  await eventually(() => bench.servers.tokenRequests.length === 1);
  expect(await app.get(OAuthTokenHealthIndicator).isHealthy()).toMatchObject({
    oauthToken: { status: 'up', registrations: { acme: 'renewing' } },
  });
  release();
});

it('is degraded, not down, while renewals fail and the token lasts; then down', async () => {
  const { health, tokens } = await boot();
  bench.servers.failWith = { status: 503, error: 'temporarily_unavailable' };
  await tokens.refresh('acme');
  expect(await health.isHealthy()).toMatchObject({
    oauthToken: { status: 'up', degraded: ['acme'], down: [] },
  });
  bench.clock.advance(200_000);
  expect(await health.isHealthy()).toMatchObject({
    oauthToken: {
      status: 'down',
      registrations: { acme: 'expired' },
      degraded: [],
      down: ['acme'],
    },
  });
});

it('is down when the first login was refused', async () => {
  bench.servers.failWith = { status: 400, error: 'invalid_grant' };
  const { health } = await boot();
  expect(await health.isHealthy()).toMatchObject({
    oauthToken: { status: 'down', registrations: { acme: 'reauthorizationRequired' } },
  });
});

it('does not count a subject that has to log in', async () => {
  const { health, tokens } = await boot();
  await tokens.getAccessToken({ registrationId: 'acme', subject: 'anna' }).catch(() => undefined);
  expect(await health.isHealthy()).toMatchObject({ oauthToken: { status: 'up', degraded: [] } });
});

it('is degraded while the store is away', async () => {
  const store = new MemoryTokenStore(bench.clock);
  const { health } = await boot({ store });
  store.read = () => Promise.reject(new StoreUnavailableError('away'));
  expect(await health.isHealthy()).toMatchObject({
    oauthToken: { status: 'up', registrations: { acme: 'unknown' }, degraded: ['acme'] },
  });
});

it('knows the registrations of a source that lists them, and none of one that does not', async () => {
  const registration = bench.servers.registration();
  const find = (): Promise<typeof registration> => Promise.resolve(registration);
  const list = (): Promise<(typeof registration)[]> => Promise.resolve([registration]);
  const listing = await boot({ registrations: { find, list } });
  expect(await listing.health.isHealthy()).toHaveProperty('oauthToken.registrations.acme', 'fresh');
  const silent = await boot({ registrations: { find } });
  expect(await silent.health.isHealthy()).toHaveProperty('oauthToken.registrations', {});
});

it('makes no token request', async () => {
  const { health } = await boot();
  bench.clock.advance(99_000);
  await health.isHealthy();
  expect(bench.servers.tokenRequests).toHaveLength(1);
});
