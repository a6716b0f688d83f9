import { attachOAuth, attemptsOf, passwordGrant, type TokenKey } from '@oauth-token/core';
import { ManualClock } from '@oauth-token/testing';
import axios from 'axios';
import { SandboxBench } from '../support/sandbox-bench.js';
import { CatalogueBench, failureOf, PASSWORD, refusal } from './support/catalogue-bench.js';
import { ClockedEndpoint } from './support/clocked-endpoint.js';

/** Tokens of 300 s are due then. */
const DUE_MS = 250_000;

describe('refused access tokens', () => {
  let bench: SandboxBench;

  beforeEach(async () => {
    bench = new SandboxBench();
    await bench.sandbox.start();
  });
  afterEach(() => bench.stop());

  it('fault 67: 1,000 calls in flight that meet a 401 cost one token request, and each is sent again once', async () => {
    const { sandbox } = bench;
    const tokens = bench.manager(bench.registration('oidc'));
    const http = axios.create({ proxy: false, baseURL: `${sandbox.url}/oidc/api` });
    attachOAuth(http, tokens.source('oidc'));
    await http.get('/warm');
    sandbox.revoke({ accessTokens: true });
    const calls = Array.from({ length: 1_000 }, (_, index) => http.get(`/items/${index}`));
    const answers = await Promise.all(calls);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(answers.map(attemptsOf))).toEqual(new Set([2]));
    expect(bench.requests()).toEqual([
      ['password', 200],
      ['refresh_token', 200],
    ]);
  }, 60_000);
});

describe('renewals side by side', () => {
  let bench: CatalogueBench;

  beforeEach(async () => {
    bench = new CatalogueBench();
    await bench.start();
  });
  afterEach(() => bench.stop());

  it('fault 70: a refusal that comes when another replica has committed is no end: its tokens are used', async () => {
    const registration = bench.loginless({ provider: bench.provider({ graceMs: 10_000 }) });
    const paused = new ManualClock();
    const here = bench.manager(registration, { clock: paused });
    const there = bench.manager(registration);
    await here.authenticate('acme', PASSWORD);
    for (const clock of [bench.clock, paused]) await clock.advance(DUE_MS);
    const refusing = bench.gate();
    bench.behaviour = async () => {
      if (bench.requests.length > 2) return bench.issue();
      await refusing.passed;
      return refusal('invalid_grant');
    };
    const renewal = here.refresh('acme');
    await bench.received(2);
    // Only the first process stands still: the other takes over when lease and takeover delay are over.
    await bench.clock.advance(6_000);
    expect(await there.refresh('acme')).toMatchObject({ outcome: 'refreshed', version: 2 });
    refusing.open();
    expect(await renewal).toMatchObject({ outcome: 'refreshed', version: 2 });
    expect(await here.getAccessToken('acme')).toBe('at2');
    expect(bench.told('reauthorizationRequired')).toEqual([]);
    expect(bench.refreshTokens).toEqual(['rt1', 'rt1']);
  });

  it('fault 71: a caller that gives up does not take the renewal with it that it has started', async () => {
    const manager = bench.manager(undefined, { timing: { maxWaitMs: 10_000 } });
    const answering = bench.gate();
    bench.behaviour = () => answering.passed.then(() => bench.issue());
    const leaving = new AbortController();
    const first = failureOf(manager.getAccessToken('acme', { signal: leaving.signal }));
    await bench.received(1);
    const second = manager.getAccessToken('acme');
    leaving.abort();
    expect(await first).toMatchObject({ code: 'aborted' });
    answering.open();
    expect(await second).toBe('at1');
    expect(bench.requests).toHaveLength(1);
  });

  it('fault 73: ticks that come while the last one is at it make no second claim, and no second request', async () => {
    const manager = bench.manager();
    await manager.getAccessToken('acme');
    await bench.clock.advance(DUE_MS);
    const refresher = bench.refresher(manager);
    let claims = 0;
    const claimDue = bench.store.claimDue.bind(bench.store);
    bench.store.claimDue = (options) => {
      claims += 1;
      return claimDue(options);
    };
    await Promise.all([refresher.tick(), refresher.tick(), refresher.tick()]);
    expect(claims).toBe(1);
    const answering = bench.gate();
    bench.behaviour = () => answering.passed.then(() => bench.issue());
    await bench.received(2);
    // Longer than a claim lasts, so that the key is offered again while it is being renewed.
    for (let second = 0; second < 12; second += 1) {
      await bench.clock.advance(1_000);
      await refresher.tick();
    }
    answering.open();
    await manager.drain();
    expect(claims).toBeGreaterThan(2);
    expect(bench.refreshTokens).toEqual(['rt1']);
  });
});

describe('keys of one moment', () => {
  const keys = (count: number): readonly TokenKey[] =>
    Array.from({ length: count }, (_, index) => ({
      registrationId: 'acme',
      subject: `user-${index}`,
    }));
  /** The most renewals at one time unless told otherwise. */
  const CONCURRENCY = 20;

  let bench: CatalogueBench;
  let endpoint: ClockedEndpoint;

  beforeEach(() => {
    bench = new CatalogueBench();
    endpoint = new ClockedEndpoint(bench.clock);
  });
  afterEach(() => bench.stop());

  const loggedIn = async (all: readonly TokenKey[], random: () => number) => {
    const manager = bench.manager(bench.loginless(), { transport: endpoint, random });
    await Promise.all(
      all.map((key) =>
        manager.authenticate(key, passwordGrant({ username: key.subject ?? '', password: 'p' })),
      ),
    );
    return manager;
  };

  it('fault 74: of 5,000 that log in at once no second has many more due than its share', async () => {
    const all = keys(5_000);
    const manager = await loggedIn(all, Math.random);
    const statuses = await Promise.all(all.map((key) => manager.status(key)));
    const dueAt = statuses.map((status) => status.dueAt ?? 0).sort((a, b) => a - b);
    // A tenth of the lifetime, 30 s, is what they are spread over.
    const most = Math.max(
      ...dueAt.map((at, index) => dueAt.slice(index).findIndex((later) => later > at + 1_000)),
    );
    expect(most).toBeLessThan(300);
  }, 30_000);

  it('fault 74: due in one second are renewed a few at a time, each once, and none too late', async () => {
    // As much work as 5,000 that are answered in 100 ms; a memory store takes long to look through those.
    const all = keys(1_000);
    const manager = await loggedIn(all, () => 0.5);
    const { dueAt = 0, expiresAt = 0 } = await manager.status(all[0] as TokenKey);
    expect((await manager.status(all.at(-1) as TokenKey)).dueAt).toBe(dueAt);
    const mandatoryAt = expiresAt - 15_000;
    endpoint.answerMs = 500;
    endpoint.mostUnderWay = 0;
    const refresher = bench.refresher(manager);
    await bench.clock.advance(dueAt - bench.clock.now() - 1_000);
    while (bench.clock.now() < mandatoryAt) {
      void refresher.tick();
      await bench.clock.advance(1_000);
    }
    expect(endpoint.mostUnderWay).toBeGreaterThan(1);
    expect(endpoint.mostUnderWay).toBeLessThanOrEqual(CONCURRENCY);
    expect(endpoint.refreshes).toHaveLength(all.length);
    expect(new Set(endpoint.refreshes.map(({ token }) => token)).size).toBe(all.length);
    expect(Math.min(...endpoint.refreshes.map(({ at }) => at))).toBeGreaterThanOrEqual(dueAt);
    expect(Math.max(...endpoint.refreshes.map(({ at }) => at))).toBeLessThan(mandatoryAt);
  }, 60_000);
});
