import {
  clientCredentialsGrant,
  isStoreUnavailableError,
  type TokenManager,
} from '@oauth-token/core';
import { away } from './faulty-store.js';
import { failureOf, PASSWORD, RegressionBench } from './regression-bench.js';
import { NOT_SENT, refusal } from './scripted-endpoint.js';

let bench: RegressionBench;

beforeEach(() => {
  bench = new RegressionBench();
});
afterEach(() => bench.close());

describe('a store that is away', () => {
  it.each([
    ['due', 250_000],
    ['in its last stretch', 295_000],
    ['about to end', 299_999],
  ])('does not keep a token that is %s from being served, at once', async (_how, afterMs) => {
    const manager = bench.manager();
    await manager.getAccessToken('acme');
    bench.store.readsFail = true;
    await bench.clock.advance(afterMs);
    expect(await manager.getAccessToken('acme')).toBe('at1');
    expect(bench.endpoint.count).toBe(1);
  });

  it('leaves no token to serve after its end, and nothing rotates', async () => {
    const manager = bench.manager();
    await manager.getAccessToken('acme');
    bench.store.readsFail = true;
    await bench.clock.advance(300_000);
    const error = await failureOf(manager.getAccessToken('acme'));
    expect(isStoreUnavailableError(error)).toBe(true);
    expect(bench.endpoint.count).toBe(1);
  });

  it('does not keep a token from being served whose renewal has just failed', async () => {
    const manager = bench.manager();
    await manager.getAccessToken('acme');
    await bench.clock.advance(250_000);
    bench.endpoint.behaviour = () => NOT_SENT;
    await manager.getAccessToken('acme');
    await manager.drain();
    bench.store.readsFail = true;
    expect(await manager.getAccessToken('acme')).toBe('at1');
  });

  it('lets client credentials fetch a token, once', async () => {
    bench.endpoint.behaviour = () => bench.endpoint.issue({ refresh_token: undefined });
    const manager = bench.manager(bench.registration({ grant: clientCredentialsGrant() }));
    await manager.getAccessToken('acme');
    bench.store.readsFail = true;
    await bench.clock.advance(301_000);
    for (let time = 0; time < 3; time += 1) {
      expect(await manager.getAccessToken('acme')).toBe('at2');
    }
    expect(bench.endpoint.count).toBe(2);
  });
});

describe('a commit that the store does not confirm', () => {
  const unconfirmed = async (): Promise<TokenManager> => {
    const manager = bench.manager(bench.loginless());
    await manager.authenticate('acme', PASSWORD);
    await bench.clock.advance(250_000);
    bench.store.commitsFail = true;
    await manager.getAccessToken('acme');
    await bench.turns();
    return manager;
  };

  it('is served, is not followed by another renewal, and is made good later', async () => {
    const manager = await unconfirmed();
    expect(await manager.getAccessToken('acme')).toBe('at2');
    expect(await manager.refresh('acme')).toMatchObject({ outcome: 'refreshed', version: 2 });
    await bench.background(manager, 60, async () => {
      expect(await manager.getAccessToken('acme')).toBe('at2');
    });
    expect(bench.endpoint.refreshTokens).toEqual(['rt1']);
    expect((await manager.status('acme')).version).toBe(1);
    bench.store.commitsFail = false;
    await bench.clock.advance(5_000);
    expect(await manager.status('acme')).toMatchObject({ version: 2, state: 'fresh' });
    expect(bench.told('rotated')).toHaveLength(1);
    expect(await bench.manager(bench.loginless()).getAccessToken('acme')).toBe('at2');
  });

  it('that fails once loses no refresh token', async () => {
    const manager = await unconfirmed();
    bench.store.commitsFail = false;
    await bench.background(manager, 400);
    expect(bench.endpoint.refreshTokens).toEqual(['rt1', 'rt2']);
    expect(bench.told('refreshFailed')).toHaveLength(0);
  });

  it('does not overwrite a login that came meanwhile', async () => {
    const manager = await unconfirmed();
    expect((await manager.authenticate('acme', PASSWORD)).accessToken).toBe('at3');
    expect(await manager.getAccessToken('acme')).toBe('at3');
    bench.store.commitsFail = false;
    await bench.clock.advance(20_000);
    expect(await manager.getAccessToken('acme')).toBe('at3');
    expect(bench.endpoint.revoked).toEqual(['rt2', 'at2']);
    await manager.refresh('acme');
    expect(bench.endpoint.refreshTokens).toEqual(['rt1', 'rt3']);
  });

  it('does not keep a manager from closing', async () => {
    const manager = await unconfirmed();
    const closing = bench.watch(manager.close());
    await bench.clock.advance(10_000);
    expect(closing.tookMs).toBeLessThanOrEqual(10_000);
  });
});

describe('a manager', () => {
  it('leaves no listener on a store that was handed in', async () => {
    for (let time = 0; time < 3; time += 1) {
      const manager = bench.manager();
      expect(bench.store.listeners).toBeGreaterThan(0);
      await manager.close();
      expect(bench.store.listeners).toBe(0);
    }
  });

  it('starts although its source lists something that is no registration', async () => {
    const hole = undefined as unknown as ReturnType<RegressionBench['registration']>;
    const manager = bench.manager(bench.registration(), {
      registrations: {
        find: () => Promise.resolve(bench.registration()),
        list: () => Promise.resolve([hole, bench.registration()]),
      },
    });
    await manager.start();
    await manager.drain();
    expect(await manager.getAccessToken('acme')).toBe('at1');
  });

  it('that is not to keep its tokens fresh never asks for one by itself', async () => {
    const manager = bench.manager(bench.registration({ keepFresh: false }));
    await manager.start();
    await bench.background(manager, 20);
    expect(bench.endpoint.count).toBe(0);
    await manager.getAccessToken('acme');
    await bench.background(manager, 400);
    expect(bench.endpoint.count).toBe(1);
  });

  it.each([
    ['the first login', 0],
    ['a renewal', 301_000],
  ])(
    'that is not to keep its tokens fresh leaves %s that failed to the next caller',
    async (_what, afterMs) => {
      const manager = bench.manager(bench.registration({ keepFresh: false }));
      if (afterMs > 0) await manager.getAccessToken('acme');
      await bench.clock.advance(afterMs);
      bench.endpoint.behaviour = () => NOT_SENT;
      const waiting = failureOf(manager.getAccessToken('acme'));
      await bench.clock.advance(11_000);
      await waiting;
      const { count } = bench.endpoint;
      await bench.background(manager, 100);
      expect(bench.endpoint.count).toBe(count);
      bench.endpoint.behaviour = () => bench.endpoint.issue();
      expect(await manager.getAccessToken('acme')).toBe(afterMs > 0 ? 'at2' : 'at1');
    },
  );
});

it('stops a refresher without a complaint when the store goes away under its sweep', async () => {
  const refresher = bench.refresher(bench.manager());
  const leaving = bench.gate();
  bench.store.nextClaim = leaving.passed.then(() => {
    throw away();
  });
  const ticking = bench.watch(refresher.tick());
  await bench.turns();
  const stopping = bench.watch(refresher.stop());
  leaving.open();
  await bench.turns();
  expect(isStoreUnavailableError(ticking.error)).toBe(true);
  expect(stopping).toEqual({ value: undefined, tookMs: 0 });
});

it('fault 62: takes a wall clock that jumps for what it is', async () => {
  const manager = bench.manager();
  await manager.getAccessToken('acme');
  const yearMs = 365 * 24 * 3_600_000;
  for (const jumpMs of [3_600_000, -7_200_000, 10 * yearMs, -20 * yearMs]) {
    bench.clock.jumpWall(jumpMs);
    expect(await manager.getAccessToken('acme')).toBe('at1');
    await bench.background(manager, 5);
  }
  expect(bench.endpoint.count).toBe(1);
});

describe('the background', () => {
  it('does not storm the end of a session that every refresh brings nearer', async () => {
    const manager = bench.manager();
    const end = bench.clock.now() + 600_000;
    bench.endpoint.behaviour = () => {
      const left = Math.floor((end - bench.clock.now()) / 1_000);
      return left > 0
        ? bench.endpoint.issue({ refresh_expires_in: left })
        : refusal('invalid_grant');
    };
    await manager.getAccessToken('acme');
    await bench.background(manager, 620);
    expect(bench.endpoint.grants.slice(0, 2)).toEqual(['password', 'refresh_token']);
    expect(bench.endpoint.count).toBeLessThanOrEqual(12);
    expect((await manager.status('acme')).state).toBe('reauthorizationRequired');
    expect(bench.told('reauthorizationRequired')).toHaveLength(1);
  });

  it.each([
    ['of one second', 1, 75],
    ['of no time', 0, 2],
    ['of less than no time', -1, 2],
    ['of no number', 'abc', 2],
    ['of null', null, 2],
    ['of ages', 1e12, 2],
  ])(
    'fault 65: asks seldom enough for tokens with a lifetime %s',
    async (_name, lifetime, most) => {
      bench.endpoint.behaviour = () => bench.endpoint.issue({ expires_in: lifetime });
      const manager = bench.manager();
      await manager.getAccessToken('acme');
      await bench.background(manager, 60);
      expect(bench.endpoint.count).toBeLessThanOrEqual(most);
      expect(await manager.getAccessToken('acme')).toBe(`at${bench.endpoint.count}`);
    },
  );
});
