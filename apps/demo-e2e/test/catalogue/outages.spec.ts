import {
  type ClientRegistration,
  passwordGrant,
  type TokenKey,
  type TokenManager,
  type TransportResult,
} from '@oauth-token/core';
import { CatalogueBench, PASSWORD } from './support/catalogue-bench.js';
import { ClockedEndpoint } from './support/clocked-endpoint.js';

/** Tokens of 300 s are due then, when the dice show a half. */
const DUE_MS = 240_000;
const LONG_S = 600;

const ERROR_500: TransportResult = {
  kind: 'response',
  response: { status: 500, headers: {}, body: '<!doctype html>' },
};
const REFUSED: TransportResult = { kind: 'notSent', code: 'ECONNREFUSED', message: 'away' };

let bench: CatalogueBench;
let endpoint: ClockedEndpoint;

beforeEach(() => {
  bench = new CatalogueBench();
  endpoint = new ClockedEndpoint(bench.clock);
});
afterEach(() => bench.stop());

const replica = (registration: ClientRegistration): TokenManager =>
  bench.manager(registration, { transport: endpoint });

/** A tick of the sweep each second, and a call after it. */
async function live(
  managers: readonly TokenManager[],
  seconds: number,
  call: (second: number) => unknown = () => undefined,
): Promise<void> {
  const refreshers = managers.map((manager) => bench.refresher(manager));
  for (let second = 0; second < seconds; second += 1) {
    await Promise.all(refreshers.map((refresher) => refresher.tick()));
    const calling = call(second);
    await bench.clock.advance(1_000);
    await calling;
  }
  await Promise.all(refreshers.map((refresher) => refresher.stop()));
}

const calling = (manager: TokenManager) => () =>
  manager.getAccessToken('acme').catch(() => undefined);

describe('ten minutes of answers with 500', () => {
  it('cost at most one request for each rest of the refresh token where that is all there is', async () => {
    const manager = replica(bench.loginless());
    await manager.authenticate('acme', PASSWORD);
    await bench.clock.advance(DUE_MS);
    endpoint.failure = () => ERROR_500;
    await live([manager], LONG_S, calling(manager));
    // A lease of 20 s and a takeover delay of 60 s.
    expect(endpoint.refreshes.length).toBeGreaterThan(1);
    expect(endpoint.refreshes.length).toBeLessThanOrEqual(LONG_S / 80 + 1);
    expect(new Set(endpoint.refreshes.map(({ token }) => token))).toEqual(new Set(['rt1']));
    expect(endpoint.sentAt).toHaveLength(1 + endpoint.refreshes.length);
  });

  it('cost a bounded number of logins where one is configured, and the refresh token goes out once', async () => {
    const manager = replica(bench.loginless({ grant: PASSWORD }));
    await manager.getAccessToken('acme');
    await bench.clock.advance(DUE_MS);
    endpoint.failure = () => ERROR_500;
    await live([manager], LONG_S, calling(manager));
    // One refresh. Then pauses from 0.5 s, doubled up to a third of what remains, of which the dice take half: about forty while the
    // token ends within a minute. Behind its end they are of 15 s.
    expect(endpoint.sentAt.length - 1).toBeLessThanOrEqual(1 + 40 + (LONG_S - 60) / 15);
    expect(endpoint.refreshes.map(({ token }) => token)).toEqual(['rt1']);
    endpoint.failure = undefined;
    await live([manager], 31);
    expect(await manager.getAccessToken('acme')).toBe('at2');
  });
});

describe('a hundred keys of one token endpoint over three replicas', () => {
  const KEYS: readonly TokenKey[] = Array.from({ length: 100 }, (_, index) => ({
    registrationId: 'acme',
    subject: `user-${index}`,
  }));
  const PROBE_MS = 10_000;
  /** Of what is under way at one time, and 0.75 of it may be one provider's. */
  const AT_ONCE = 3 * 15;

  async function dueReplicas(): Promise<readonly [TokenManager, TokenManager, TokenManager]> {
    const replicas = [1, 2, 3].map(() => replica(bench.loginless())) as [
      TokenManager,
      TokenManager,
      TokenManager,
    ];
    for (const key of KEYS) {
      const grant = passwordGrant({ username: key.subject ?? '', password: 'password' });
      await replicas[0].authenticate(key, grant);
    }
    await bench.clock.advance(DUE_MS - 1_000);
    return replicas;
  }

  it.each([
    ['answers 500', ERROR_500],
    ['refuses connections', REFUSED],
  ])(
    'fault 26: that %s gets about one request in ten seconds after the first few',
    async (_how, failure) => {
      const replicas = await dueReplicas();
      endpoint.failure = () => failure;
      const before = endpoint.sentAt.length;
      await live(replicas, LONG_S);
      const sent = endpoint.sentAt.slice(before);
      const first = sent[0] ?? 0;
      const later = sent.filter((at) => at > first + PROBE_MS);
      expect(sent.length - later.length).toBeLessThanOrEqual(AT_ONCE + 5);
      expect(later.length).toBeLessThanOrEqual(LONG_S / 10);
    },
    30_000,
  );

  it('fault 26: is used again soon after it is back, and no caller with a valid token fails meanwhile', async () => {
    const replicas = await dueReplicas();
    endpoint.failure = () => REFUSED;
    const failures: unknown[] = [];
    await live(replicas, 40, () =>
      replicas[0]
        .getAccessToken(KEYS[0] as TokenKey)
        .catch((error: unknown) => failures.push(error)),
    );
    expect(failures).toEqual([]);
    endpoint.failure = undefined;
    const backAt = bench.clock.now();
    const before = endpoint.sentAt.length;
    await live(replicas, 30);
    expect((endpoint.sentAt[before] ?? Infinity) - backAt).toBeLessThanOrEqual(PROBE_MS + 1_000);
    const { state } = await replicas[2].status(KEYS.at(-1) as TokenKey);
    expect(state).toBe('fresh');
  }, 30_000);
});
