import { Keyring, passwordGrant, TokenManager, type TokenStatus } from '@oauth-token/core';
import { oidc } from '@oauth-token/providers';
import { RedisTokenStore } from '@oauth-token/redis';
import type { LedgerItem } from '@oauth-token/testing';
import { Redis } from 'ioredis';
import { request as sendRequest } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { waitFor } from '../support/wait-for.js';
import {
  buildDemo,
  Fleet,
  FleetCalls,
  type FleetCall,
  type FleetRegistration,
  judgeFleet,
  type Kill,
  type Replica,
  request,
} from './fleet.js';

const START_MS = 240_000;
/** How long a claim lasts, and the renewal behind it may take. */
const CLAIM_MS = 11_500;

const DIALECTS = ['2ba', 'veeam', 'empowerid', 'oidc'] as const;
const LIFETIMES = { '2ba': 6, veeam: 7, empowerid: 8, oidc: 6 };
const REGISTRATIONS = Array.from({ length: 30 }, (_, index) => ({
  registrationId: `r${index}`,
  dialect: DIALECTS[index % DIALECTS.length] ?? 'oidc',
}));
/** Nobody calls with the others: they are kept fresh, and taken over, by the sweep alone. */
const CALLED = REGISTRATIONS.slice(0, 20);

/** Every page of a replica's list, by registration. */
async function statusesAt({ url }: Replica): Promise<Map<string, TokenStatus>> {
  const found = new Map<string, TokenStatus>();
  let cursor: string | undefined;
  do {
    const query = cursor === undefined ? '' : `?cursor=${encodeURIComponent(cursor)}`;
    const page = await request<{ items: TokenStatus[]; cursor?: string }>(
      'GET',
      `${url}/tokens${query}`,
    );
    for (const status of page.body.items) found.set(status.registrationId, status);
    ({ cursor } = page.body);
  } while (cursor !== undefined);
  return found;
}

describe('three replicas over one Redis', () => {
  let fleet: Fleet;
  let one: Replica;
  let other: Replica;

  beforeAll(async () => {
    const built = await buildDemo();
    if (!built.ok) throw new Error(built.output);
    fleet = await Fleet.start({
      replicas: 3,
      registrations: REGISTRATIONS,
      lifetimeSeconds: LIFETIMES,
      answerMs: 30,
    });
    [one, other] = fleet.replicas as [Replica, Replica];
  }, START_MS);
  afterAll(() => fleet.stop(), 60_000);

  describe('of which one is killed between two renewals', () => {
    let items: readonly LedgerItem[];
    let calls: readonly FleetCall[];
    let until: number;
    let kill: Kill;
    let takenUp: boolean;

    /** Whether all that it had claimed was renewed since. */
    const isTakenUp = async (): Promise<boolean> => {
      const now = new Map((await fleet.view()).map(({ id, version }) => [id, version]));
      return kill.held.every(({ id, version }) => (now.get(id) ?? 0) > version);
    };

    beforeAll(async () => {
      const traffic = new FleetCalls(fleet, { perSecond: 20, of: CALLED });
      const victim = fleet.replicas[2] as Replica;
      await victim.process.printed(/renewed \(due\)/, 20_000);
      await traffic.spare(victim);
      kill = await fleet.kill(victim);
      await waitFor('its claims', CLAIM_MS, isTakenUp).catch(() => undefined);
      takenUp = await isTakenUp();
      // Long enough for every token to have been renewed by those who are left.
      await sleep(Math.max(0, kill.at + 6_000 - Date.now()));
      calls = await traffic.stop();
      until = Date.now();
      items = await fleet.ledger();
    }, 60_000);

    it('renews every token before its end with one token request, and spends no refresh token twice', () => {
      const { problems } = judgeFleet({
        items,
        calls,
        registrations: REGISTRATIONS.length,
        until,
        kill: { at: kill.at, held: kill.held.length },
      });
      expect(problems).toEqual([]);
      expect(items.length).toBeGreaterThan(2 * REGISTRATIONS.length);
    });

    it('takes up the claims of the dead within their lease', () => {
      expect(kill.held.length).toBeGreaterThan(0);
      expect(takenUp).toBe(true);
    });

    it('shares the work, and takes over no renewal that was under way', () => {
      for (const { process } of fleet.replicas)
        expect(process.output).toMatch(/renewed \((due|demand)/);
      expect(fleet.output()).not.toMatch(/took over|has to log in|Unhandled|\bERROR\b/);
    });
  });

  it('agrees on how the tokens stand, over all pages of the list', async () => {
    await waitFor('the same list', 10_000, async () => {
      const before = await statusesAt(one);
      const meanwhile = await statusesAt(other);
      const versionsOf = (list: Map<string, TokenStatus>): string[] =>
        [...list].map(([id, { version }]) => `${id} ${version}`).sort();
      const after = versionsOf(await statusesAt(one));
      if (String(after) !== String(versionsOf(before))) return false;
      expect(versionsOf(meanwhile)).toEqual(after);
      for (const [id, { expiresAt, dueAt }] of before) {
        expect(meanwhile.get(id)).toMatchObject({ expiresAt, dueAt });
      }
      return true;
    });
    expect([...(await statusesAt(one)).keys()].sort()).toEqual(
      REGISTRATIONS.map(({ registrationId }) => registrationId).sort(),
    );
  }, 15_000);

  it('uses a token that was renewed by hand at another replica', async () => {
    const [registration] = REGISTRATIONS as [FleetRegistration];
    const path = `${one.url}/tokens/${registration.registrationId}/refresh`;
    const { body } = await request<{ outcome: string }>('POST', path);
    expect(body.outcome).toBe('refreshed');
    const { tokenFingerprint } = await fleet.call(one, registration);
    expect(tokenFingerprint).toEqual(expect.any(String));
    await waitFor('the other replica', 1_000, async () => {
      const call = await fleet.call(other, registration);
      return call.tokenFingerprint === tokenFingerprint;
    });
  });

  describe('beside a service of its own over the same store', () => {
    const registration: FleetRegistration = { registrationId: 'r3', dialect: 'oidc' };
    const alice = { registrationId: 'r3', subject: 'alice' };
    let redis: Redis;
    let store: RedisTokenStore;
    let manager: TokenManager;

    beforeAll(async () => {
      const { url, tokenKeys, prefix } = fleet.store;
      redis = new Redis(url);
      store = new RedisTokenStore(redis, { keys: Keyring.parse(tokenKeys), prefix });
      const tokenEndpoint = `${fleet.sandboxUrl}/oidc/token`;
      const own = {
        registrationId: 'r3',
        provider: oidc({ tokenEndpoint }),
        clientId: 'demo-client',
        clientSecret: 'demo-secret',
        allowedOrigins: [fleet.sandboxUrl],
      };
      manager = new TokenManager({ registrations: [own], store });
      await manager.start();
    });
    afterAll(async () => {
      await manager.close();
      await store.close();
      await redis.quit();
    });

    const callsAt = (replica: Replica): Promise<FleetCall> =>
      fleet.call(replica, registration, 'alice');

    it('sees its logins, and at once when it forgets them', async () => {
      for (const replica of [one, other]) {
        expect(await callsAt(replica)).toMatchObject({ status: 409 });
      }
      const grant = passwordGrant({ username: 'demo', password: 'demo-password' });
      await manager.authenticate(alice, grant);
      for (const replica of [one, other]) {
        await waitFor('the login', 1_000, async () => (await callsAt(replica)).apiStatus === 200);
      }
      await manager.forget(alice);
      for (const replica of [one, other]) {
        await waitFor('the end of it', 1_000, async () => {
          const { status, code } = await callsAt(replica);
          return status === 409 && code === 'reauthorization_required';
        });
      }
    });
  });

  it('ends in good order: what it has sent is stored before its connections close', async () => {
    const control = `${fleet.sandboxUrl}/_sandbox/faults`;
    await request('DELETE', control);
    await request('POST', control, { on: 'token', kind: 'delay', ms: 400, times: 1_000 });
    const announcedBy = async ({ process }: Replica): Promise<number> =>
      (await fleet.view()).filter(({ owner }) => owner?.includes(`/${process.pid}/`)).length;
    const caller = sendRequest(`${one.url}/tokens/r1/refresh`, { method: 'POST', agent: false });
    caller.on('error', () => undefined).end();
    await waitFor('a token request', 5_000, async () => (await announcedBy(one)) > 0);
    // With nobody who waits for it, it is the shutdown alone that has to.
    caller.destroy();
    const ends = await Promise.all([one, other].map(({ process }) => process.stop()));
    for (const end of ends) expect([0, 'SIGTERM']).toContain(end);
    for (const replica of [one, other]) expect(await announcedBy(replica)).toBe(0);
    expect(fleet.output()).not.toMatch(/still under way|is away|Unhandled|\bERROR\b/);
  }, 60_000);
});
