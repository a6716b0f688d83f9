import { TokenRefresher } from '@oauth-token/core';
import type { LedgerItem } from '@oauth-token/testing';
import { SandboxBench } from './support/sandbox-bench.js';

type Judge = (run: {
  readonly items: readonly LedgerItem[];
  readonly calls: readonly object[];
  readonly dialects: Readonly<Record<string, string>>;
  readonly lifetimeMs: number;
  readonly until: number;
}) => { readonly problems: readonly string[] };

// A script without types of its own.
const script = new URL('../../../tools/soak/judge.mjs', import.meta.url).href;
const { judgeFreshness } = (await import(script)) as { judgeFreshness: Judge };

const DIALECTS = ['2ba', 'veeam', 'empowerid'] as const;
const LIFETIME_MS = 10_000;

/** A minute of three registrations that are kept fresh, as the sandbox recorded it. */
async function aMinute(): Promise<{ items: readonly LedgerItem[]; until: number }> {
  const bench = new SandboxBench();
  await bench.sandbox.start();
  try {
    bench.sandbox.configure({ accessTokenLifetimeSeconds: LIFETIME_MS / 1_000 });
    const manager = bench.manager(DIALECTS.map((dialect) => bench.registration(dialect)));
    const refresher = new TokenRefresher(manager);
    await manager.start();
    await manager.drain();
    for (let second = 0; second < 60; second += 1) {
      if (second % 5 === 0) await refresher.tick();
      await bench.clock.advance(1_000);
      await manager.drain();
    }
    await refresher.stop();
    return { items: bench.sandbox.ledger(), until: bench.clock.now() };
  } finally {
    await bench.stop();
  }
}

describe('the judge of the soak', () => {
  let items: readonly LedgerItem[];
  let until: number;

  beforeAll(async () => {
    ({ items, until } = await aMinute());
  });

  const problemsOf = (
    forged: readonly LedgerItem[],
    calls: readonly object[] = DIALECTS.map((registrationId) => ({
      registrationId,
      at: until,
      status: 200,
      apiStatus: 200,
      attempts: 1,
      milliseconds: 1,
    })),
  ): readonly string[] =>
    judgeFreshness({
      items: forged,
      calls,
      dialects: Object.fromEntries(DIALECTS.map((dialect) => [dialect, dialect])),
      lifetimeMs: LIFETIME_MS,
      until,
    }).problems;

  /** The record with one item of a dialect, counted from the first, replaced. */
  const forge = (
    dialect: string,
    index: number,
    change: (item: LedgerItem, before: LedgerItem) => readonly LedgerItem[],
  ): readonly LedgerItem[] => {
    const own = items.filter((item) => item.dialect === dialect);
    const [item, before] = [own[index], own[index - 1]];
    if (item === undefined || before === undefined) throw new Error('The record is too short.');
    return items.flatMap((other) => (other === item ? change(item, before) : [other]));
  };

  it('finds nothing wrong with a real run', () => {
    expect(items.length).toBeGreaterThan(18);
    expect(problemsOf(items)).toEqual([]);
  });

  it('sees a renewal that came late', () => {
    const late = forge('2ba', 3, (item, before) => [
      { ...item, at: (before.issued?.expiresAt ?? 0) + 1 },
    ]);
    expect(problemsOf(late).join()).toMatch(/2ba: a token was renewed 1 ms after its end/);
  });

  it('sees a refresh token that was sent twice', () => {
    const twice = forge('veeam', 3, (item, { refreshToken = '' }) => [{ ...item, refreshToken }]);
    expect(problemsOf(twice).join()).toMatch(/veeam: a spent refresh token was sent again/);
  });

  it('sees two token requests for one renewal', () => {
    const twins = forge('empowerid', 3, (item) => [
      item,
      { ...item, at: item.at + 40, refreshToken: 'another' },
    ]);
    expect(problemsOf(twins).join()).toMatch(/empowerid: two token requests within 40 ms/);
  });

  it('sees renewals that are missing, at the end and altogether', () => {
    expect(problemsOf(forge('2ba', 2, () => [])).join()).toMatch(
      /2ba: a token was renewed \d+ ms after/,
    );
    const early = items.filter(({ at }) => at < until - 2 * LIFETIME_MS);
    expect(problemsOf(early).join()).toMatch(/was not renewed/);
    expect(problemsOf([])).toEqual(DIALECTS.map((dialect) => `${dialect}: no token was issued`));
  });

  it('sees a refused request, and calls that failed or were not made', () => {
    const refused = forge('2ba', 2, ({ at, dialect, grant }) => [
      { at, dialect, grant, status: 400, error: 'invalid_grant' },
    ]);
    expect(problemsOf(refused).join()).toMatch(
      /2ba: refresh_token at \d+ failed: 400 invalid_grant/,
    );
    const bad = { registrationId: '2ba', at: until, status: 200, apiStatus: 401, milliseconds: 1 };
    expect(problemsOf(items, [bad]).join()).toMatch(/2ba: a call at \d+ was answered 200/);
    expect(problemsOf(items, []).join()).toMatch(/2ba: no call was made/);
  });
});
