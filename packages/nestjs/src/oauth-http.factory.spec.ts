import type { HttpService } from '@nestjs/axios';
import { attemptsOf } from '@oauth-token/core';
import { AxiosError } from 'axios';
import { AsyncLocalStorage } from 'node:async_hooks';
import { lastValueFrom } from 'rxjs';
import { inspect } from 'node:util';
import { eventually, useBench } from '../test/compile.js';
import { SECRETS } from '../test/servers.js';
import {
  getOAuthHttpToken,
  OAuthHttpFactory,
  OAuthTokenModule,
  type OAuthTokenModuleOptions,
  OAuthTokenService,
} from './index.js';

const bench = useBench();

const boot = async (
  more: Partial<OAuthTokenModuleOptions> = {},
): Promise<{ http: HttpService; factory: OAuthHttpFactory; tokens: OAuthTokenService }> => {
  const registrations = [bench.servers.registration()];
  const app = await bench.boot([
    OAuthTokenModule.forRoot({ registrations, refresher: false, ...more }),
    OAuthTokenModule.forFeature([
      { registrationId: 'acme', axios: { baseURL: bench.servers.api } },
    ]),
  ]);
  return {
    http: app.get<HttpService>(getOAuthHttpToken('acme'), { strict: false }),
    factory: app.get(OAuthHttpFactory),
    tokens: app.get(OAuthTokenService),
  };
};

it('attaches the bearer', async () => {
  const { http } = await boot();
  const response = await lastValueFrom(http.get('/items'));
  expect(response).toMatchObject({ status: 200, data: { path: '/items' } });
  expect(bench.servers.bearers).toEqual([`Bearer ${SECRETS.token}-1`]);
  expect(attemptsOf(response)).toBe(1);
});

it('survives a revoked token with one token request and one resend', async () => {
  const { http, tokens } = await boot();
  await tokens.getAccessToken('acme');
  bench.servers.revoke();
  const retried: string[] = [];
  tokens.events.on('retriedAfter401', ({ url }) => retried.push(url));
  const response = await lastValueFrom(http.post('/items?secret=1', { a: 1 }));
  expect(response.status).toBe(200);
  expect(attemptsOf(response)).toBe(2);
  expect(bench.servers.tokenRequests).toHaveLength(2);
  expect(bench.servers.bearers).toHaveLength(2);
  expect(retried).toEqual([`${bench.servers.api}/items`]);
});

it('makes one token request for 50 calls that meet a revoked token', async () => {
  const { http, tokens } = await boot();
  await tokens.getAccessToken('acme');
  bench.servers.revoke();
  const calls = Array.from({ length: 50 }, () => lastValueFrom(http.get('/items')));
  const statuses = (await Promise.all(calls)).map(({ status }) => status);
  expect(new Set(statuses)).toEqual(new Set([200]));
  expect(bench.servers.tokenRequests).toHaveLength(2);
  expect(bench.servers.bearers.length).toBeLessThanOrEqual(100);
});

it('refuses origins that the registration does not allow', async () => {
  const { http } = await boot();
  const elsewhere = new URL(bench.servers.tokenEndpoint).origin;
  await expect(lastValueFrom(http.get(`${elsewhere}/items`))).rejects.toMatchObject({
    code: 'origin_not_allowed',
    registrationId: 'acme',
    allowedOrigins: [bench.servers.api],
  });
  expect(bench.servers.bearers).toEqual([]);
});

it('fails as the axios of HttpService does, without a secret', async () => {
  const { http } = await boot();
  bench.servers.live.add = () => bench.servers.live;
  bench.servers.revoke();
  const error: unknown = await lastValueFrom(http.get('/items')).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(AxiosError);
  expect(error).toMatchObject({ status: 401 });
  const printed = `${inspect(error, { depth: 10 })}${JSON.stringify(error)}`;
  for (const secret of Object.values(SECRETS)) expect(printed).not.toContain(secret);
});

it('ends the wait for a token with the subscription', async () => {
  const { http } = await boot();
  const release = bench.servers.hold();
  await eventually(() => bench.servers.tokenRequests.length === 1);
  http.get('/items').subscribe().unsubscribe();
  release();
  await lastValueFrom(http.get('/other'));
  expect(bench.servers.bearers).toHaveLength(1);
});

it('takes the subject from the call, else from the current request', async () => {
  const current = new AsyncLocalStorage<string>();
  const { http, tokens } = await boot({ subject: () => current.getStore() });
  for (const subject of ['anna', 'ben']) {
    const grant = { type: 'password', username: subject, password: 'x' } as const;
    await tokens.authenticate({ registrationId: 'acme', subject }, grant);
  }
  const tokenOf = (subject: string): Promise<string> =>
    tokens.getAccessToken({ registrationId: 'acme', subject });
  await current.run('anna', () => lastValueFrom(http.get('/a')));
  await current.run('anna', () => lastValueFrom(http.get('/b', { oauth: { subject: 'ben' } })));
  expect(bench.servers.bearers).toEqual([
    `Bearer ${await tokenOf('anna')}`,
    `Bearer ${await tokenOf('ben')}`,
  ]);
});

it('makes clients for ids that are known at run time only', async () => {
  const { factory } = await boot();
  const http = factory.for('acme', { baseURL: bench.servers.api, headers: { 'x-mine': '1' } });
  expect((await lastValueFrom(http.get('/items'))).status).toBe(200);
  expect(() => factory.for('nobody')).toThrow("No client registration has the id 'nobody'");
});
