import {
  isReauthorizationRequiredError,
  LocalRefreshLock,
  refreshTokenGrant,
  type TokenKey,
  type TokenManager,
  type TokenManagerOptions,
} from '@oauth-token/core';
import { LosableStore } from './losable-store.js';
import { failureOf, PASSWORD, RegressionBench } from './regression-bench.js';

const KEY: TokenKey = { registrationId: 'acme' };

/** After so long every refresh token that was put back may be sent: the longest lease with its takeover delay, and the sweep. */
const RESTED_MS = 82_000;

/** Others have put back what they know. */
const SWEPT_MS = 1_100;

let bench: RegressionBench;
let store: LosableStore;
let lock: LocalRefreshLock;

beforeEach(() => {
  bench = new RegressionBench();
  store = new LosableStore(bench.clock);
  lock = new LocalRefreshLock(bench.clock);
});
afterEach(() => bench.close());

/** A process that nothing can log in but `authenticate`. */
const manager = (
  view: LosableStore = store,
  options: Partial<TokenManagerOptions> = {},
): TokenManager => bench.manager(bench.loginless(), { store: view, lock, ...options });

/** One that has logged in, with `rt1`, and has renewed that, with `rt2`, of which a copy of the store knows nothing. */
async function renewed(): Promise<{
  readonly first: TokenManager;
  readonly comeBackOlder: () => void;
}> {
  const first = manager();
  await first.authenticate('acme', PASSWORD);
  const older = store.snapshot();
  await first.refresh('acme');
  return {
    first,
    comeBackOlder: () => {
      store.comeBack(older);
    },
  };
}

/** What the store has of the key, as a process sees it that knows nothing else. */
const stored = async (): Promise<{ status?: string; version?: number; token?: string }> => {
  const record = await store.view().read(KEY);
  if (record === undefined) return {};
  const { status, version } = record.state;
  const { accessToken } = record.tokens ?? {};
  return { status, version, ...(accessToken !== undefined && { token: accessToken }) };
};

const NEWEST = { status: 'active', version: 2, token: 'at2' };

describe('a store that comes back', () => {
  it('empty gets back what is known, without any traffic, and the token goes on', async () => {
    const { first } = await renewed();
    store.comeBack();
    store.loseTrack();
    await bench.turns();
    expect(await stored()).toEqual(NEWEST);
    expect(await first.getAccessToken('acme')).toBe('at2');
    const told = { registrationId: 'acme', version: 2, reason: 'storeEmpty', origin: 'local' };
    expect(bench.told('restored')).toEqual([expect.objectContaining(told)]);
    await bench.background(first, 300);
    expect(bench.endpoint.refreshTokens).toEqual(['rt1', 'rt2']);
    expect((await stored()).version).toBe(3);
  });

  it('older gets back what is known: a refresh token that is spent is not sent again', async () => {
    const { first, comeBackOlder } = await renewed();
    comeBackOlder();
    store.loseTrack();
    await bench.turns();
    expect(await stored()).toEqual(NEWEST);
    expect(bench.told('restored')).toMatchObject([{ reason: 'storeBehind' }]);
    await bench.background(first, 300);
    expect(bench.endpoint.refreshTokens).toEqual(['rt1', 'rt2']);
  });

  it('older, unnoticed, is made good by whoever is about to renew', async () => {
    const { first, comeBackOlder } = await renewed();
    comeBackOlder();
    const refreshing = bench.watch(first.refresh('acme'));
    await bench.turns();
    expect(await stored()).toEqual(NEWEST);
    await bench.clock.advance(RESTED_MS);
    expect(refreshing.value).toMatchObject({ outcome: 'refreshed', version: 3 });
    expect(bench.endpoint.refreshTokens).toEqual(['rt1', 'rt2']);
  });

  it('older, unnoticed, is made good by whoever reads', async () => {
    const { first, comeBackOlder } = await renewed();
    comeBackOlder();
    await bench.clock.advance(31_000);
    expect(await first.getAccessToken('acme')).toBe('at2');
    await bench.turns();
    expect(await stored()).toEqual(NEWEST);
  });

  it('without what is in memory does not stop it from being served while the store is away again', async () => {
    const { first } = await renewed();
    store.loseTrack();
    store.isAway = true;
    expect(await first.getAccessToken('acme')).toBe('at2');
    store.isAway = false;
    store.comeBack();
    await bench.clock.advance(5_000);
    expect(await stored()).toEqual(NEWEST);
  });

  it('empty while a renewal is under way takes its answer, and nothing is revoked', async () => {
    const { first } = await renewed();
    bench.endpoint.behaviour = () => bench.endpoint.issueAfter(1_000);
    const refreshing = bench.watch(first.refresh('acme'));
    await bench.turns();
    store.comeBack();
    await bench.clock.advance(2_000);
    expect(refreshing.value).toMatchObject({ outcome: 'refreshed', version: 3 });
    expect(await stored()).toEqual({ status: 'active', version: 3, token: 'at3' });
    expect(bench.endpoint.revoked).toEqual([]);
    bench.endpoint.behaviour = () => bench.endpoint.issue();
    await bench.clock.advance(RESTED_MS);
    await first.refresh('acme');
    expect(bench.endpoint.refreshTokens).toEqual(['rt1', 'rt2', 'rt3']);
  });

  it('empty keeps a commit that it had not confirmed', async () => {
    const { first } = await renewed();
    bench.endpoint.behaviour = () => bench.endpoint.issueAfter(1_000);
    const refreshing = bench.watch(first.refresh('acme'));
    await bench.turns();
    store.isAway = true;
    await bench.clock.advance(1_000);
    expect(refreshing.value).toMatchObject({ outcome: 'refreshed', version: 3 });
    store.comeBack();
    store.isAway = false;
    store.loseTrack();
    expect(await first.getAccessToken('acme')).toBe('at3');
    await bench.clock.advance(10_000);
    expect(await stored()).toEqual({ status: 'active', version: 3, token: 'at3' });
    store.comeBack();
    store.loseTrack();
    await bench.turns();
    expect(await stored()).toEqual({ status: 'active', version: 3, token: 'at3' });
  });

  it('empty, in which somebody has logged in, keeps that login', async () => {
    const { first } = await renewed();
    store.hears = false;
    store.comeBack();
    const other = manager(store.view());
    await other.authenticate('acme', PASSWORD);
    store.loseTrack();
    await bench.turns();
    expect(await stored()).toEqual({ status: 'active', version: 1, token: 'at3' });
    expect(await first.getAccessToken('acme')).toBe('at3');
    expect(bench.told('restored')).toEqual([]);
  });

  it('older than the last login gets that back', async () => {
    const { first, comeBackOlder } = await renewed();
    await first.authenticate('acme', PASSWORD);
    comeBackOlder();
    store.loseTrack();
    await bench.turns();
    expect(await stored()).toEqual({ status: 'active', version: 3, token: 'at3' });
  });

  it('empty does not let a seed be sent twice', async () => {
    const registration = bench.registration({ grant: refreshTokenGrant({ refreshToken: 'seed' }) });
    const one = bench.manager(registration, { store, lock });
    await one.getAccessToken('acme');
    const view = store.view();
    const other = bench.manager(registration, { store: view, lock });
    store.comeBack();
    view.loseTrack();
    const asked = bench.watch(other.getAccessToken('acme'));
    await bench.clock.advance(500);
    store.loseTrack();
    await bench.clock.advance(RESTED_MS);
    expect(asked.value).toBe('at1');
    expect(bench.endpoint.refreshTokens).toEqual(['seed']);
  });
});

describe('what was forgotten', () => {
  it.each(['empty', 'older'])('stays forgotten in a store that comes back %s', async (how) => {
    const { first, comeBackOlder } = await renewed();
    await first.forget('acme');
    if (how === 'empty') store.comeBack();
    else comeBackOlder();
    store.loseTrack();
    await bench.turns();
    expect((await stored()).status).toBe('forgotten');
    expect(isReauthorizationRequiredError(await failureOf(first.getAccessToken('acme')))).toBe(
      true,
    );
  });

  it.each(['empty', 'older'])(
    'elsewhere stays forgotten when the store comes back %s to who has heard of it',
    async (how) => {
      const { first, comeBackOlder } = await renewed();
      const other = manager(store.view());
      await other.forget('acme');
      await other.close();
      if (how === 'empty') store.comeBack();
      else comeBackOlder();
      store.loseTrack();
      await bench.turns();
      expect((await stored()).status).toBe('forgotten');
      const error = await failureOf(first.getAccessToken('acme'));
      expect(isReauthorizationRequiredError(error)).toBe(true);
      expect(bench.endpoint.refreshTokens).toEqual(['rt1']);
    },
  );

  it('elsewhere is put back by who has not even seen its tokens', async () => {
    await renewed();
    const view = store.view();
    const witness = manager(view);
    const other = manager(store.view());
    await other.forget('acme');
    await other.close();
    store.hears = false;
    store.comeBack();
    await failureOf(witness.getAccessToken('acme'));
    expect((await stored()).status).toBe('forgotten');
  });

  it('stays forgotten when a renewal ends in the store that came back empty', async () => {
    const { first } = await renewed();
    const view = store.view();
    const other = manager(view);
    bench.endpoint.behaviour = () => bench.endpoint.issueAfter(1_000);
    const refreshing = bench.watch(other.refresh('acme'));
    await bench.turns();
    await first.forget('acme');
    store.comeBack();
    await bench.clock.advance(2_000);
    expect(refreshing.value).toBeDefined();
    store.loseTrack();
    view.loseTrack();
    await bench.clock.advance(SWEPT_MS);
    expect((await stored()).status).toBe('forgotten');
  });

  it('during a gap is not served by who has missed it', async () => {
    const { first } = await renewed();
    store.hears = false;
    await manager(store.view()).forget('acme');
    expect(await first.getAccessToken('acme')).toBe('at2');
    store.loseTrack();
    const error = await failureOf(first.getAccessToken('acme'));
    expect(isReauthorizationRequiredError(error)).toBe(true);
    await bench.turns();
    expect((await stored()).status).toBe('forgotten');
  });

  it('is let go in the end: its tombstone does not come back for ever', async () => {
    const { first } = await renewed();
    const witness = manager(store.view());
    await first.forget('acme');
    await bench.clock.advance(24 * 3_600_000 + 1_000);
    store.comeBack();
    store.loseTrack();
    await failureOf(witness.getAccessToken('acme'));
    expect(await stored()).toEqual({});
  });

  it('and let go while nobody was there is not brought back from memory', async () => {
    await renewed();
    await bench.clock.advance(25 * 3_600_000);
    store.comeBack();
    store.loseTrack();
    await bench.turns();
    expect(await stored()).toEqual({});
  });
});

describe('another process that knows less', () => {
  /** Two processes that know the first tokens; the second has missed the second tokens. */
  async function fleet() {
    const view = store.view();
    const second = manager(view);
    const first = manager();
    await first.authenticate('acme', PASSWORD);
    await second.getAccessToken('acme');
    const older = store.snapshot();
    return { first, second, view, older };
  }

  it('leaves refresh tokens alone until those who know more have put that back', async () => {
    const { first, second, view, older } = await fleet();
    view.hears = false;
    await first.refresh('acme');
    store.comeBack(older);
    view.loseTrack();
    const refreshing = bench.watch(second.refresh('acme'));
    await bench.clock.advance(800);
    expect(bench.endpoint.refreshTokens).toEqual(['rt1']);
    store.loseTrack();
    await bench.clock.advance(RESTED_MS);
    // By then the newer tokens were there.
    expect(refreshing.value).toMatchObject({ outcome: 'refreshed', version: 2 });
    expect(bench.endpoint.refreshTokens).toEqual(['rt1']);
  });

  it('does not hold back what is in memory, nor a login', async () => {
    const { second, view } = await fleet();
    view.loseTrack();
    expect(await second.getAccessToken('acme')).toBe('at1');
    expect((await second.authenticate('acme', PASSWORD)).accessToken).toBe('at2');
    const refreshing = bench.watch(second.refresh('acme'));
    await bench.turns();
    expect(refreshing.value).toBeUndefined();
    await bench.clock.advance(SWEPT_MS);
    expect(refreshing.value).toMatchObject({ outcome: 'refreshed' });
    expect(refreshing.tookMs).toBeLessThanOrEqual(SWEPT_MS);
  });

  it('never sends a refresh token of which it has heard that it is spent', async () => {
    const { first, second, view, older } = await fleet();
    await first.refresh('acme');
    await first.close();
    store.comeBack(older);
    view.loseTrack();
    await bench.clock.advance(SWEPT_MS);
    // The access token lives on to its end.
    expect(await second.getAccessToken('acme')).toBe('at1');
    await bench.background(second, 301);
    const error = await failureOf(second.getAccessToken('acme'));
    expect(isReauthorizationRequiredError(error)).toBe(true);
    expect(String(error)).toMatch('refresh_token_lost');
    expect(bench.endpoint.refreshTokens).toEqual(['rt1']);
    expect(bench.told('reauthorizationRequired')).toHaveLength(1);
  });

  it('does not give up a login before those who know more had their time', async () => {
    const { first, second, view, older } = await fleet();
    await first.refresh('acme');
    await bench.clock.advance(290_000);
    await first.refresh('acme');
    store.comeBack(older);
    await bench.clock.advance(15_000);
    view.loseTrack();
    const asked = bench.watch(second.getAccessToken('acme'));
    await bench.clock.advance(500);
    store.loseTrack();
    await bench.clock.advance(SWEPT_MS);
    expect(asked.value).toBe('at3');
    expect(bench.told('reauthorizationRequired')).toEqual([]);
  });

  it('is healed by who still knows better, however late that comes', async () => {
    const { first, second, view, older } = await fleet();
    await first.refresh('acme');
    await bench.clock.advance(290_000);
    store.comeBack(older);
    view.loseTrack();
    await bench.clock.advance(15_000);
    await failureOf(second.getAccessToken('acme'));
    expect((await stored()).status).toBe('reauthorizationRequired');
    store.loseTrack();
    await bench.turns();
    expect(await stored()).toEqual(NEWEST);
    await bench.clock.advance(RESTED_MS);
    expect(await second.refresh('acme')).toMatchObject({ outcome: 'refreshed', version: 3 });
    expect(bench.endpoint.refreshTokens).toEqual(['rt1', 'rt2']);
  });

  it('does not serve tokens of a login that it has heard to be over', async () => {
    const { first, second, view, older } = await fleet();
    await first.authenticate('acme', PASSWORD);
    await first.close();
    store.comeBack(older);
    view.loseTrack();
    const asked = bench.watch(second.getAccessToken('acme'));
    await bench.clock.advance(15_000);
    expect(isReauthorizationRequiredError(asked.error)).toBe(true);
    expect(bench.endpoint.refreshTokens).toEqual([]);
  });
});

describe('the sweep after a gap', () => {
  const KEYS = Array.from({ length: 40 }, (_, index) => `subject-${index}`);

  async function loggedIn(): Promise<TokenManager> {
    const first = manager();
    for (const subject of KEYS) {
      await first.authenticate({ registrationId: 'acme', subject }, PASSWORD);
    }
    return first;
  }

  it('puts back all, eight at a time, once for gaps that follow one another', async () => {
    await loggedIn();
    store.comeBack();
    let underWay = 0;
    let most = 0;
    store.onRead = async () => {
      underWay += 1;
      most = Math.max(most, underWay);
      await bench.turns(1);
      underWay -= 1;
    };
    store.reads = 0;
    for (let gap = 0; gap < 3; gap += 1) store.loseTrack();
    await bench.turns(200);
    expect(most).toBe(8);
    expect(bench.told('restored')).toHaveLength(KEYS.length);
    expect(store.snapshot().size).toBe(KEYS.length);
    expect(store.reads).toBeLessThan(2 * KEYS.length);
  });

  it('goes on where the store went away again', async () => {
    const first = await loggedIn();
    store.comeBack();
    store.isAway = true;
    store.loseTrack();
    await bench.clock.advance(10_000);
    const refreshing = bench.watch(first.refresh({ registrationId: 'acme', subject: 'subject-1' }));
    store.isAway = false;
    await bench.clock.advance(1_500);
    expect(store.snapshot().size).toBe(KEYS.length);
    await bench.clock.advance(RESTED_MS);
    expect(refreshing.tookMs).toBeDefined();
  });

  it('ends when the manager is closed, and so do those who wait for it', async () => {
    const first = await loggedIn();
    const gate = bench.gate();
    store.onRead = () => gate.passed;
    store.reads = 0;
    store.loseTrack();
    const closing = bench.watch(first.close());
    await bench.turns();
    gate.open();
    await bench.turns();
    expect(closing.tookMs).toBeDefined();
    expect(store.reads).toBe(8);
  });
});
