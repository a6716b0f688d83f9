import {
  attachOAuth,
  type ClientRegistration,
  isOAuthTokenError,
  type TokenManager,
} from '@oauth-token/core';
import { ManualClock } from '@oauth-token/testing';
import axios from 'axios';
import { everythingOf, holdsCanary } from '../support/canary.js';
import { type HttpServer, listen } from '../support/http-server.js';
import { CatalogueBench, PASSWORD } from './support/catalogue-bench.js';

/** Tokens of 300 s are due then, when the dice show a half. */
const DUE_MS = 240_000;

let bench: CatalogueBench;

beforeEach(async () => {
  bench = new CatalogueBench();
  await bench.start();
});
afterEach(() => bench.stop());

const loggedIn = async (registration: ClientRegistration): Promise<TokenManager> => {
  const manager = bench.manager(registration);
  await manager.authenticate('acme', PASSWORD);
  return manager;
};

/** A caller each second, and a tick of the sweep with it. Answers what the callers got. */
async function callEachSecond(manager: TokenManager, seconds: number): Promise<unknown[]> {
  const refresher = bench.refresher(manager);
  const got: unknown[] = [];
  for (let second = 0; second < seconds; second += 1) {
    await refresher.tick();
    got.push(await manager.getAccessToken('acme').catch((error: unknown) => error));
    await manager.drain();
    await bench.clock.advance(1_000);
    await manager.drain();
  }
  await refresher.stop();
  return got;
}

const errorsIn = (got: readonly unknown[]): readonly unknown[] => got.filter(isOAuthTokenError);

describe('a request that was not sent', () => {
  it.each([
    ['refused', () => 'http://127.0.0.1:1'],
    ['not resolved', () => 'https://nowhere.invalid'],
    ['no TLS', () => bench.url.replace('http:', 'https:')],
  ])(
    'fault 17: (%s) is tried again later with the same refresh token, and the token is served',
    async (_why, endpoint) => {
      const healthy = await loggedIn(bench.loginless());
      await bench.clock.advance(DUE_MS);
      const provider = bench.provider('strict', endpoint());
      const broken = bench.manager(bench.loginless({ provider }));
      const outcome = await broken.refresh('acme');
      expect(outcome).toMatchObject({ outcome: 'transient' });
      const { nextTryAt = 0 } = outcome as { nextTryAt?: number };
      expect(nextTryAt).toBeGreaterThan(bench.clock.now());
      expect(nextTryAt).toBeLessThanOrEqual(bench.clock.now() + 30_000);
      expect(await broken.getAccessToken('acme')).toBe('at1');
      expect(bench.refreshTokens).toEqual([]);
      await bench.clock.advance(nextTryAt - bench.clock.now());
      expect(await healthy.refresh('acme')).toMatchObject({ outcome: 'refreshed', version: 2 });
      expect(bench.refreshTokens).toEqual(['rt1']);
    },
  );
});

describe('an answer of a gateway', () => {
  const PAGE = '<!doctype html><title>canary-page</title>';

  it.each([500, 502, 504])(
    'fault 23: %i with a page leaves the fate of the refresh token open, and the page is not quoted',
    async (status) => {
      const manager = await loggedIn(bench.loginless());
      await bench.clock.advance(DUE_MS);
      bench.behaviour = () => ({ status, body: PAGE });
      const outcome = await manager.refresh('acme');
      expect(outcome).toMatchObject({ outcome: 'ambiguous' });
      const { state } = await manager.status('acme');
      expect(state).not.toBe('reauthorizationRequired');
      const told = [outcome, bench.told('refreshFailed'), await manager.status('acme')];
      expect(holdsCanary(everythingOf(told))).toBe(false);
    },
  );

  // What cannot be read counts as not there: then our own pauses hold, from 100 ms on.
  it.each<[string, string, number, number]>([
    ['seconds', '120', 120_000, 125_000],
    ['a date', 'date', 90_000, 95_000],
    ['less than nothing', '-5', 100, 10_000],
    ['a year', '31536000', 600_000, 605_000],
    ['garbage', 'soon', 100, 10_000],
  ])('fault 23: Retry-After of %s is kept within bounds', async (_what, value, least, most) => {
    const manager = await loggedIn(bench.loginless());
    await bench.clock.advance(DUE_MS);
    const date = new Date(bench.clock.now()).toUTCString();
    const after = new Date(bench.clock.now() + 90_000).toUTCString();
    const headers = { date, 'retry-after': value === 'date' ? after : value };
    for (const status of [429, 503]) {
      bench.behaviour = () => ({ status, body: {}, headers });
      const now = bench.clock.now();
      const { nextTryAt = 0 } = (await manager.refresh('acme')) as { nextTryAt?: number };
      expect(nextTryAt - now).toBeGreaterThanOrEqual(least);
      expect(nextTryAt - now).toBeLessThanOrEqual(most);
      await bench.clock.advance(nextTryAt - now + 10_000);
    }
    expect(bench.refreshTokens).toEqual(['rt1', 'rt1']);
  });
});

describe('a token that is not valid yet', () => {
  const SKEW_MS = 5_000;
  let api: HttpServer;
  const issuedAt = new Map<string, number>();

  beforeEach(async () => {
    api = await listen((request, response) => {
      const token = (request.headers.authorization ?? '').replace('Bearer ', '');
      const valid = bench.clock.now() >= (issuedAt.get(token) ?? Infinity) + SKEW_MS;
      response.writeHead(valid ? 200 : 401, { 'www-authenticate': 'Bearer error="invalid_token"' });
      response.end();
    });
  });
  afterEach(() => api.stop());

  it('fault 27: is renewed once, not again and again, and works when its time has come', async () => {
    bench.behaviour = () => {
      const reply = bench.issue();
      const { access_token: token } = reply.body as { access_token: string };
      issuedAt.set(token, bench.clock.now());
      return reply;
    };
    const grant = PASSWORD;
    const manager = bench.manager(bench.loginless({ grant, allowedOrigins: [api.url] }));
    const http = axios.create({ proxy: false, baseURL: api.url, validateStatus: null });
    attachOAuth(http, manager.source('acme'));
    const statuses: number[] = [];
    for (let second = 0; second < 30; second += 1) {
      statuses.push((await http.get('/')).status);
      await bench.clock.advance(1_000);
    }
    expect(statuses.slice(0, 5)).toEqual([401, 401, 401, 401, 401]);
    expect(new Set(statuses.slice(5))).toEqual(new Set([200]));
    expect(bench.requests.length).toBeLessThanOrEqual(2);
  });
});

describe('a server that repeats its answer to a repeated refresh', () => {
  it('fault 28: leaves no second copy of it behind', async () => {
    const registration = bench.loginless({ provider: bench.provider({ graceMs: 10_000 }) });
    const paused = new ManualClock();
    const here = bench.manager(registration, { clock: paused });
    const there = bench.manager(registration);
    await here.authenticate('acme', PASSWORD);
    for (const clock of [bench.clock, paused]) await clock.advance(DUE_MS);
    const answering = bench.gate();
    const same = bench.issue();
    bench.behaviour = async () => {
      if (bench.requests.length === 2) await answering.passed;
      return same;
    };
    const renewal = here.refresh('acme');
    await bench.received(2);
    await bench.clock.advance(6_000);
    expect(await there.refresh('acme')).toMatchObject({ outcome: 'refreshed', version: 2 });
    answering.open();
    expect(await renewal).toMatchObject({ outcome: 'refreshed', version: 2 });
    const { state } = (await bench.store.read({ registrationId: 'acme' })) ?? {};
    expect(state).toMatchObject({ version: 2, siblings: [] });
    expect(bench.refreshTokens).toEqual(['rt1', 'rt1']);
  });
});

describe('a token endpoint that is down', () => {
  const down: Readonly<Record<string, () => Promise<void> | void>> = {
    'refuses connections': () => bench.leave(),
    'answers 503': () => {
      bench.behaviour = () => ({ status: 503, body: {} });
    },
    'answers 500 with a page': () => {
      bench.behaviour = () => ({ status: 500, body: '<!doctype html>' });
    },
  };
  const up = async (how: string): Promise<void> => {
    bench.behaviour = () => bench.issue();
    if (how === 'refuses connections') await bench.start();
  };

  /** Down for a tenth of the lifetime, from just before the token is due. */
  async function downAtTheWorstMoment(manager: TokenManager, how: string): Promise<unknown[]> {
    const lifetimeMs = bench.lifetimeSeconds * 1_000;
    const { dueAt = 0, expiresAt = 0 } = await manager.status('acme');
    await bench.clock.advance(dueAt - 500 - bench.clock.now());
    await down[how]?.();
    const got = await callEachSecond(manager, lifetimeMs / 10_000);
    expect(bench.told('refreshFailed').length).toBeGreaterThan(0);
    await up(how);
    const rest = Math.ceil((expiresAt - bench.clock.now()) / 1_000);
    return [...got, ...(await callEachSecond(manager, rest + 60))];
  }

  it.each(Object.keys(down))(
    '(%s) for a tenth of a lifetime, just before a token is due, fails no caller where a login is configured',
    async (how) => {
      const manager = bench.manager();
      expect(await manager.getAccessToken('acme')).toBe('at1');
      const got = await downAtTheWorstMoment(manager, how);
      expect(errorsIn(got)).toEqual([]);
      expect(got.at(-1)).not.toBe('at1');
    },
    30_000,
  );

  it.each([
    ['refuses connections', 300],
    ['answers 503', 300],
    // A refresh token of unknown fate rests for 80 s; that much is left of a token of 600 s.
    ['answers 500 with a page', 600],
  ])(
    '(%s) for a tenth of a lifetime, just before a token of %i s is due, fails no caller where a refresh token is all there is',
    async (how, seconds) => {
      bench.lifetimeSeconds = seconds;
      const manager = await loggedIn(bench.loginless());
      const got = await downAtTheWorstMoment(manager, how);
      expect(errorsIn(got)).toEqual([]);
      expect(got.at(-1)).not.toBe('at1');
    },
    30_000,
  );
});
