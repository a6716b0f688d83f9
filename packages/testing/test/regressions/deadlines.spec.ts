import {
  type ClientRegistration,
  clientCredentialsGrant,
  isConfigurationError,
  isTokenEndpointError,
  isTokenUnavailableError,
  type TokenKey,
} from '@oauth-token/core';
import { inspect } from 'node:util';
import { failureOf, PASSWORD, RegressionBench } from './regression-bench.js';
import { LOST } from './scripted-endpoint.js';

const USER: TokenKey = { registrationId: 'acme', subject: 'user' };

let bench: RegressionBench;

beforeEach(() => {
  bench = new RegressionBench();
});
afterEach(() => bench.close());

describe('a lease that ends before anything was sent', () => {
  it('is a transient failure with a backoff and an event, and the refresh token stays unsent', async () => {
    const provider = bench.provider({ refreshTokenReuse: { graceMs: 5_000 } });
    const manager = bench.manager(bench.registration({ provider }));
    await manager.getAccessToken('acme');
    await bench.clock.advance(250_000);
    // The lease of 2 s leaves 500 ms before the request.
    bench.endpoint.onConnect = () => {
      bench.clock.stall(600);
    };
    expect(await manager.getAccessToken('acme')).toBe('at1');
    await manager.drain();
    expect(bench.endpoint.attempts).toBe(2);
    const [failure] = bench.told('refreshFailed');
    expect(failure).toMatchObject({ outcome: 'transient', code: 'lease_expired' });
    expect(failure?.nextTryAt).toBeGreaterThan(bench.clock.now());
    await bench.background(manager, 25);
    expect(bench.endpoint.attempts).toBeLessThan(15);
    expect(bench.told('refreshFailed')).toHaveLength(bench.endpoint.attempts - 1);
    bench.endpoint.onConnect = () => undefined;
    await bench.background(manager, 10);
    expect(bench.endpoint.refreshTokens).toEqual(['rt1']);
    expect(await manager.getAccessToken('acme')).toBe('at2');
  });

  it('sends nothing after a process was paused between its intent and its request', async () => {
    const manager = bench.manager();
    await manager.getAccessToken('acme');
    await bench.clock.advance(250_000);
    bench.endpoint.onConnect = () => {
      bench.clock.stall(30_000);
    };
    await manager.getAccessToken('acme');
    await manager.drain();
    expect(bench.endpoint.attempts).toBe(2);
    expect(bench.endpoint.refreshTokens).toEqual([]);
  });
});

describe('a supplier of the client secret', () => {
  it('that takes longer than a short lease leaves time for the request', async () => {
    let calls = 0;
    const clientSecret = () => {
      calls += 1;
      if (calls > 1) bench.clock.stall(1_000);
      return Promise.resolve('secret');
    };
    bench.endpoint.behaviour = () => bench.endpoint.issue({ expires_in: 20 });
    const manager = bench.manager(bench.registration({ clientSecret }));
    await manager.getAccessToken('acme');
    await bench.clock.advance(16_500);
    expect(await manager.getAccessToken('acme')).toBe('at1');
    await manager.drain();
    expect(calls).toBe(2);
    expect(await manager.getAccessToken('acme')).toBe('at2');
  });

  it('that hangs ends within 10 s as transient, and holds nothing back when it answers again', async () => {
    const answering = bench.gate();
    let hangs = true;
    const clientSecret = async () => {
      if (hangs) await answering.passed;
      return 'secret';
    };
    const manager = bench.manager(bench.registration({ clientSecret }));
    const renewal = bench.watch(manager.refresh('acme'));
    const login = bench.watch(manager.authenticate(USER, PASSWORD));
    await bench.clock.advance(10_000);
    const failure = { outcome: 'transient', code: 'client_secret_unavailable' };
    expect(renewal.value).toMatchObject(failure);
    expect(bench.told('refreshFailed')).toMatchObject([failure]);
    expect(isTokenEndpointError(login.error)).toBe(true);
    expect(login.error).toMatchObject({ outcome: 'transient', error: failure.code });
    expect(bench.endpoint.count).toBe(0);
    hangs = false;
    const next = bench.watch(manager.getAccessToken('acme'));
    await bench.clock.advance(1_000);
    expect(next.value).toBe('at1');
  });

  it('that fails is not quoted', async () => {
    const clientSecret = () => Promise.reject(new Error('vault says canary-of-vault'));
    const manager = bench.manager(bench.registration({ clientSecret }));
    const outcome = await manager.refresh('acme');
    expect(outcome).toMatchObject({ outcome: 'transient', code: 'client_secret_unavailable' });
    const waiting = bench.watch(manager.getAccessToken('acme'));
    await bench.clock.advance(11_000);
    expect(isTokenUnavailableError(waiting.error)).toBe(true);
    const told = [outcome, waiting.error, bench.events, await manager.status('acme')];
    expect(inspect(told, { depth: 10 })).not.toContain('canary');
  });
});

describe('grantFor that hangs', () => {
  it('ends within 10 s as transient, and holds nothing back when it answers again', async () => {
    const answering = bench.gate();
    let hangs = true;
    const grantFor = async () => {
      if (hangs) await answering.passed;
      return clientCredentialsGrant();
    };
    const manager = bench.manager(bench.loginless({ grantFor }), {
      timing: { maxWaitMs: 20_000 },
    });
    const waiting = bench.watch(manager.getAccessToken(USER));
    await bench.clock.advance(10_000);
    expect(isTokenUnavailableError(waiting.error)).toBe(true);
    expect(waiting.error).toMatchObject({ outcome: 'transient' });
    expect(String(waiting.error)).toContain('grant_unavailable');
    expect(bench.told('reauthorizationRequired')).toHaveLength(0);
    hangs = false;
    expect(await manager.getAccessToken(USER)).toBe('at1');
  });
});

describe('a registration source', () => {
  const sourced = (
    find: () => Promise<ClientRegistration | undefined>,
    maxWaitMs = 10_000,
  ): ReturnType<RegressionBench['manager']> =>
    bench.manager(bench.registration(), { registrations: { find }, timing: { maxWaitMs } });

  const hanging = (): Promise<undefined> => bench.gate().passed.then(() => undefined);

  it('that hangs ends within 10 s as transient', async () => {
    const manager = sourced(hanging, 20_000);
    const waiting = [manager.getAccessToken('acme'), manager.refresh('acme')].map((promise) =>
      bench.watch<unknown>(promise),
    );
    await bench.clock.advance(10_000);
    for (const { error, tookMs } of waiting) {
      expect(tookMs).toBe(10_000);
      expect(isTokenUnavailableError(error)).toBe(true);
      expect(error).toMatchObject({ outcome: 'transient' });
    }
  });

  it('that hangs keeps no caller beyond its longest wait, or its signal', async () => {
    const manager = sourced(hanging, 1_000);
    const aborting = new AbortController();
    const { signal } = aborting;
    const waiting = bench.watch(manager.getAccessToken('acme'));
    const aborted = bench.watch(manager.getAccessToken('acme', { signal }));
    await bench.turns();
    aborting.abort();
    await bench.clock.advance(1_250);
    expect(aborted).toMatchObject({ error: { code: 'aborted' }, tookMs: 0 });
    expect(waiting).toMatchObject({ error: { code: 'token_unavailable', outcome: 'waiting' } });
    expect(waiting.tookMs).toBeLessThanOrEqual(1_250);
  });

  it('that answers another registration is a mistake that is named, and nothing is sent', async () => {
    const manager = sourced(() => Promise.resolve(bench.registration({ registrationId: 'b' })));
    const error = await failureOf(manager.getAccessToken('a'));
    expect(isConfigurationError(error)).toBe(true);
    expect(String(error)).toContain("answered 'b'");
    expect(bench.endpoint.count).toBe(0);
  });
});

describe('a caller waits no longer than maxWaitMs and a quarter of a second', () => {
  const within = async (waiting: { tookMs?: number; error?: unknown }, maxWaitMs: number) => {
    await bench.clock.advance(maxWaitMs + 250);
    expect(isTokenUnavailableError(waiting.error)).toBe(true);
    expect(waiting.tookMs).toBeLessThanOrEqual(maxWaitMs + 250);
  };

  it.each([100, 1_000, 10_000])('of %d ms for a token endpoint', async (maxWaitMs) => {
    const answering = bench.gate();
    bench.endpoint.behaviour = () => answering.passed.then(() => LOST);
    const manager = bench.manager(bench.registration(), { timing: { maxWaitMs } });
    await within(bench.watch(manager.getAccessToken('acme')), maxWaitMs);
  });

  it('for a store that does not answer', async () => {
    const answering = bench.gate();
    bench.store.afterNextRead = () => answering.passed;
    const manager = bench.manager(bench.registration(), { timing: { maxWaitMs: 1_000 } });
    await within(bench.watch(manager.getAccessToken('acme')), 1_000);
  });

  it('for a refresh token whose fate is unknown, and it is not sent a second time meanwhile', async () => {
    const manager = bench.manager(bench.loginless());
    await manager.authenticate('acme', PASSWORD);
    await bench.clock.advance(301_000);
    bench.endpoint.behaviour = () => LOST;
    const first = bench.watch(manager.getAccessToken('acme'));
    await bench.turns();
    expect(first.tookMs).toBe(0);
    expect(isTokenUnavailableError(first.error)).toBe(true);
    await within(bench.watch(manager.getAccessToken('acme')), 10_000);
    expect(bench.endpoint.refreshTokens).toEqual(['rt1']);
  });
});

it('sends nothing for a caller whose signal was aborted before', async () => {
  const manager = bench.manager();
  const error = await failureOf(manager.getAccessToken('acme', { signal: AbortSignal.abort() }));
  expect(error).toMatchObject({ code: 'aborted' });
  await bench.turns();
  expect(bench.endpoint.attempts).toBe(0);
});

it('hands out no token that ended while its answer was on the way', async () => {
  bench.endpoint.behaviour = () => {
    bench.clock.stall(3_000);
    return bench.endpoint.issue({ expires_in: 2 });
  };
  const error = await failureOf(bench.manager().getTokenSet('acme'));
  expect(isTokenUnavailableError(error)).toBe(true);
});

describe('two processes', () => {
  it('wait for one another in the last stretch of a token', async () => {
    const [a, b] = [bench.manager(), bench.manager()];
    await a.getAccessToken('acme');
    await b.getAccessToken('acme');
    await bench.clock.advance(290_000);
    const answering = bench.gate();
    bench.endpoint.behaviour = () => answering.passed.then(() => bench.endpoint.issue());
    const first = bench.watch(a.getAccessToken('acme'));
    await bench.turns();
    const second = bench.watch(b.getAccessToken('acme'));
    await bench.clock.advance(2_000);
    expect(second.tookMs).toBeUndefined();
    answering.open();
    await bench.turns();
    expect([first.value, second.value]).toEqual(['at2', 'at2']);
    expect(bench.endpoint.count).toBe(2);
    expect(bench.told('staleServed')).toHaveLength(0);
  });

  it('let one of them close at once that only waits for the other', async () => {
    const [a, b] = [bench.manager(), bench.manager()];
    const answering = bench.gate();
    bench.endpoint.behaviour = () => answering.passed.then(() => bench.endpoint.issue());
    bench.watch(a.getAccessToken('acme'));
    await bench.turns();
    const waiting = bench.watch(b.getAccessToken('acme'));
    await bench.turns();
    const closing = bench.watch(b.close());
    await bench.turns();
    expect(closing.tookMs).toBe(0);
    expect(isTokenUnavailableError(waiting.error)).toBe(true);
    expect(bench.endpoint.count).toBe(1);
  });

  it('never send a strict refresh token at once, however long an answer dribbles', async () => {
    bench.endpoint.behaviour = () => bench.endpoint.issue({ expires_in: 5 });
    const [a, b] = [bench.manager(bench.loginless()), bench.manager(bench.loginless())];
    await a.authenticate('acme', PASSWORD);
    await bench.clock.advance(5_100);
    bench.endpoint.behaviour = async (_request, { timeoutMs, extensionMs = timeoutMs }) => {
      await bench.endpoint.pass(timeoutMs + extensionMs);
      return LOST;
    };
    bench.watch(a.getAccessToken('acme'));
    await bench.turns();
    bench.watch(b.getAccessToken('acme'));
    await bench.clock.advance(20_000);
    expect(bench.endpoint.refreshTokens.length).toBeGreaterThan(1);
    expect(new Set(bench.endpoint.refreshTokens)).toEqual(new Set(['rt1']));
    expect(bench.endpoint.mostUnderWay).toBe(1);
  });
});

it('repeats a refresh whose answer was lost within the declared grace at once, and again not before its takeover delay', async () => {
  const provider = bench.provider({ refreshTokenReuse: { graceMs: 10_000 } });
  const manager = bench.manager(bench.loginless({ provider }));
  await manager.authenticate('acme', PASSWORD);
  await bench.clock.advance(250_000);
  bench.endpoint.behaviour = async () => {
    await bench.endpoint.pass(3_000);
    return LOST;
  };
  await bench.background(manager, 12);
  const [first = 0, second = Infinity, third = Infinity] = bench.endpoint.tokenRequests
    .filter(({ refreshToken }) => refreshToken === 'rt1')
    .map(({ at }) => at);
  expect(second - first).toBe(3_000);
  // A lease of 4 s and a takeover delay of 1 s.
  expect(third - second).toBeGreaterThanOrEqual(5_000);
  expect(third - first).toBeLessThan(10_000);
  expect(bench.endpoint.mostUnderWay).toBe(1);
});
