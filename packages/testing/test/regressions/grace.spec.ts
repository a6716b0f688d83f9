import {
  type ClientRegistration,
  type Clock,
  LocalRefreshLock,
  type LockAttempt,
  type TokenManager,
  type TokenManagerOptions,
} from '@oauth-token/core';
import { PASSWORD, RegressionBench } from './regression-bench.js';
import { json, LOST, NOT_SENT, type SentRequest } from './scripted-endpoint.js';

let bench: RegressionBench;

beforeEach(() => {
  bench = new RegressionBench();
});
afterEach(() => bench.close());

const GRACE_MS = 30_000;

const gracious = (overrides: Partial<ClientRegistration> = {}): ClientRegistration =>
  bench.loginless({
    provider: bench.provider({ refreshTokenReuse: { graceMs: GRACE_MS } }),
    ...overrides,
  });

/** Processes over one store, with a token that is due. */
async function due(
  count: number,
  registration = gracious(),
  options: Partial<TokenManagerOptions> = {},
): Promise<[TokenManager, ...TokenManager[]]> {
  const [first, ...rest] = Array.from({ length: count }, () =>
    bench.manager(registration, options),
  );
  if (first === undefined) throw new Error('There has to be one.');
  await first.authenticate('acme', PASSWORD);
  await bench.clock.advance(250_000);
  return [first, ...rest];
}

/** A lock of a service elsewhere: it is free again a second after its release. */
class SlowLock extends LocalRefreshLock {
  constructor(private readonly time: Clock) {
    super(time);
  }

  override async tryAcquire(name: string, ttlMs: number): Promise<LockAttempt> {
    const attempt = await super.tryAcquire(name, ttlMs);
    if (attempt.status !== 'acquired') return attempt;
    const release = (): Promise<void> =>
      new Promise((resolve) => {
        this.time.setTimer(() => void attempt.release().then(resolve), 1_000);
      });
    return { ...attempt, release };
  }
}

/** When each use of the first refresh token left, ms since the first of them. */
function uses(): readonly number[] {
  const sent = bench.endpoint.tokenRequests.filter(({ refreshToken }) => refreshToken === 'rt1');
  return sent.map(({ at }) => at - (sent[0]?.at ?? 0));
}

/** A server that rotates, and takes a spent refresh token again within the grace of its first use. */
function rotating(isLost: (use: number) => boolean, passMs = 0) {
  let firstUse: number | undefined;
  let use = 0;
  return async ({ at }: SentRequest) => {
    firstUse ??= at;
    use += 1;
    const lost = isLost(use);
    const answer =
      at - firstUse < GRACE_MS ? bench.endpoint.issue() : json(400, { error: 'invalid_grant' });
    if (lost) await bench.endpoint.pass(passMs);
    return lost ? LOST : answer;
  };
}

describe('within a declared grace', () => {
  it('a refresh whose answer was lost is repeated at once, by the same process, once', async () => {
    const [first, second] = await due(2);
    bench.endpoint.behaviour = () => LOST;
    await Promise.all([first.getAccessToken('acme'), second?.getAccessToken('acme')]);
    await bench.turns();
    expect(uses()).toEqual([0, 0]);
    expect(bench.endpoint.mostUnderWay).toBe(1);
    await bench.background(first, 14);
    expect(uses()).toEqual([0, 0]);
    // A lease of 12 s and a takeover delay of 3 s.
    await bench.background(first, 3);
    expect(uses()).toHaveLength(3);
    expect(uses()[2]).toBeGreaterThanOrEqual(15_000);
  });

  it.each([
    ['a 500', json(500, {})],
    ['a reset', LOST],
  ])('one lost answer is made good at once: %s', async (_how, answer) => {
    const [manager] = await due(1);
    let first = true;
    bench.endpoint.behaviour = () => {
      if (!first) return bench.endpoint.issue();
      first = false;
      return answer;
    };
    expect(await manager.refresh('acme')).toMatchObject({ outcome: 'refreshed' });
    expect(uses()).toEqual([0, 0]);
  });

  it('a process that vanished and a lost answer cost no token', async () => {
    const [crashing, other] = await due(2);
    const never = bench.gate();
    const server = rotating((use) => use === 2, 9_000);
    bench.endpoint.behaviour = async (request) => {
      const answer = await server(request);
      // The process dies with the first answer.
      if (bench.endpoint.count === 2) await never.passed;
      return answer;
    };
    bench.watch(crashing.refresh('acme'));
    await bench.turns();
    expect(uses()).toEqual([0]);
    await bench.background(other as TokenManager, 30);
    // Taken over after 15 s, answer lost after 9 s more, repeated in the same moment.
    expect(uses()).toHaveLength(3);
    const [, second = 0, third = 0] = uses();
    expect(third - second).toBe(9_000);
    expect(third).toBeLessThan(GRACE_MS);
    expect((await other?.status('acme'))?.state).toBe('fresh');
    expect(bench.told('reauthorizationRequired')).toHaveLength(0);
  });

  it('later losses wait longer each time, and the last use is no later than the grace', async () => {
    const provider = bench.provider({ refreshTokenReuse: { graceMs: 120_000 } });
    const [manager] = await due(1, gracious({ provider }));
    bench.endpoint.behaviour = () => json(500, {});
    await bench.background(manager, 300);
    const pauses = uses().map((at, index) => at - (uses()[index - 1] ?? 0));
    const within = pauses.filter((_, index) => (uses()[index] ?? 0) < 120_000).slice(2);
    expect(within.length).toBeGreaterThanOrEqual(2);
    expect(new Set(within).size).toBe(within.length);
    expect([...within].sort((a, b) => a - b)).toEqual(within);
    // After it the delay is that of a token that works once: a lease of 20 s, and 60 s.
    const after = uses().filter((at) => at >= 120_000);
    for (const [index, at] of after.entries()) {
      expect(at - (after[index - 1] ?? -Infinity)).toBeGreaterThanOrEqual(80_000);
    }
    expect(uses().length).toBeLessThanOrEqual(9);
  });

  it('a repetition does not wait for the lock that it has held itself', async () => {
    const [manager] = await due(1, gracious(), { lock: new SlowLock(bench.clock) });
    let first = true;
    bench.endpoint.behaviour = () => {
      const answer = first ? LOST : bench.endpoint.issue();
      first = false;
      return answer;
    };
    await manager.getAccessToken('acme');
    await manager.drain();
    expect(uses()).toEqual([0, 0]);
  });

  it('a repetition does not wait for an endpoint that others think is down', async () => {
    const registration = gracious();
    const manager = bench.manager(registration);
    const keys = Array.from({ length: 5 }, (_, index) => ({
      registrationId: 'acme',
      subject: `user-${index}`,
    }));
    for (const key of keys) await manager.authenticate(key, PASSWORD);
    await bench.clock.advance(250_000);
    const failing = bench.gate();
    bench.endpoint.behaviour = () => failing.passed.then(() => LOST);
    for (const key of keys) await manager.getAccessToken(key);
    await bench.turns();
    bench.endpoint.behaviour = () => bench.endpoint.issue();
    failing.open();
    await manager.drain();
    expect(bench.endpoint.refreshTokens).toHaveLength(10);
  });
});

describe('after the grace', () => {
  it('a refresh token of unknown fate is not sent where a login can settle it', async () => {
    const registration = gracious({ grant: PASSWORD });
    const [manager] = await due(1, registration);
    bench.endpoint.behaviour = ({ grant }) =>
      grant === 'password' ? bench.endpoint.issue() : LOST;
    await bench.background(manager, 40);
    expect(Math.max(...uses())).toBeLessThan(GRACE_MS);
    expect(bench.endpoint.grants.at(-1)).toBe('password');
    expect((await manager.status('acme')).state).toBe('fresh');
  });

  it('a repetition that was not sent has not made its first use forgotten', async () => {
    const registration = gracious({ grant: PASSWORD });
    const [manager] = await due(1, registration);
    let use = 0;
    bench.endpoint.behaviour = ({ grant }) => {
      if (grant === 'password') return bench.endpoint.issue();
      use += 1;
      return use === 1 ? LOST : NOT_SENT;
    };
    await manager.refresh('acme');
    const before = bench.endpoint.count;
    await bench.clock.advance(GRACE_MS);
    await bench.background(manager, 3);
    expect(bench.endpoint.grants.slice(before)).toEqual(['password']);
  });

  it('nor is it sent at its very end when a process was paused before it', async () => {
    const [manager] = await due(1);
    bench.endpoint.behaviour = () => LOST;
    await manager.refresh('acme');
    expect(uses()).toEqual([0, 0]);
    await bench.clock.advance(28_000);
    // Within its lease all the same.
    bench.endpoint.onConnect = () => {
      bench.clock.stall(2_500);
    };
    await manager.refresh('acme');
    expect(uses()).toEqual([0, 0]);
  });

  it('a process that was paused with its answer in hand has the time that a strict token gives', async () => {
    const [paused, other] = await due(2);
    const resume = bench.gate();
    bench.endpoint.behaviour = async () => {
      const answer = bench.endpoint.issue();
      await resume.passed;
      return answer;
    };
    bench.watch(paused.refresh('acme'));
    await bench.turns();
    await bench.clock.advance(GRACE_MS + 1_000);
    await bench.background(other as TokenManager, 20);
    expect(uses()).toEqual([0]);
    resume.open();
    await bench.turns();
    expect((await other?.status('acme'))?.state).toBe('fresh');
  });
});
