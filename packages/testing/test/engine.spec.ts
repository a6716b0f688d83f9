import {
  isReauthorizationRequiredError,
  isTokenEndpointError,
  isTokenUnavailableError,
  refreshTokenGrant,
  TokenRefresher,
} from '@oauth-token/core';
import { clientCredentialsGrant, engineBench, passwordGrant } from './engine-bench.js';

describe('TokenManager', () => {
  let bench: ReturnType<typeof engineBench>;

  beforeEach(async () => {
    bench = engineBench();
    await bench.start();
  });
  afterEach(() => bench.stop());

  const named = (name: string): unknown[] =>
    bench.events.filter((entry) => entry.name === name).map(({ event }) => event);

  it('fault 66: logs in once for 10,000 callers that come at once', async () => {
    const manager = bench.manager();
    const tokens = await Promise.all(
      Array.from({ length: 10_000 }, () => manager.getAccessToken('acme')),
    );
    expect(new Set(tokens).size).toBe(1);
    expect(bench.tokenRequests()).toBe(1);
  });

  it('fault 66: refreshes once for 10,000 callers on an expired token', async () => {
    const manager = bench.manager();
    const first = await manager.getAccessToken('acme');
    await bench.clock.advance(301_000);
    const tokens = await Promise.all(
      Array.from({ length: 10_000 }, () => manager.getAccessToken('acme')),
    );
    expect(new Set(tokens).size).toBe(1);
    expect(tokens[0]).not.toBe(first);
    expect(bench.sandbox.ledger().map(({ grant, status }) => [grant, status])).toEqual([
      ['password', 200],
      ['refresh_token', 200],
    ]);
    expect(named('rotated')).toHaveLength(1);
  });

  it('serves a due token at once and renews behind it', async () => {
    const manager = bench.manager();
    const first = await manager.getAccessToken('acme');
    await bench.clock.advance(250_000);
    expect(await manager.getAccessToken('acme')).toBe(first);
    await manager.drain();
    expect(await manager.getAccessToken('acme')).not.toBe(first);
    expect(bench.tokenRequests()).toBe(2);
  });

  it('keeps a token fresh without callers, and renews every token before it ends', async () => {
    bench.sandbox.configure({ accessTokenLifetimeSeconds: 5 });
    const manager = bench.manager();
    const refresher = new TokenRefresher(manager);
    await manager.start();
    await manager.drain();
    for (let step = 0; step < 600; step += 1) {
      if (step % 50 === 0) await refresher.tick();
      await bench.clock.advance(100);
      await manager.drain();
    }
    await refresher.stop();
    const ledger = bench.sandbox.ledger();
    expect(ledger.length).toBeGreaterThan(10);
    for (const [index, item] of ledger.slice(1).entries()) {
      expect(item.status).toBe(200);
      expect(item.at).toBeLessThan(ledger[index]?.issued?.expiresAt ?? 0);
      expect(item.refreshToken).toBe(ledger[index]?.issued?.refreshToken);
    }
  });

  it('asks for one renewal when an API refuses a token, and takes the newer one when someone was faster', async () => {
    const manager = bench.manager();
    const first = await manager.getAccessToken('acme');
    const renewed = await Promise.all(
      Array.from({ length: 50 }, () => manager.renewRejected('acme', first)),
    );
    expect(new Set(renewed).size).toBe(1);
    expect(renewed[0]).not.toBe(first);
    expect(await manager.renewRejected('acme', first)).toBe(renewed[0]);
    expect(bench.tokenRequests()).toBe(2);
  });

  it('logs in once when the refresh token is dead, and goes on', async () => {
    const manager = bench.manager({
      registrations: [bench.registration({ provider: bench.twoBaLike() })],
    });
    await manager.getAccessToken('acme');
    bench.sandbox.revoke({ refreshTokens: true });
    await bench.clock.advance(121_000);
    await manager.getAccessToken('acme');
    expect(bench.sandbox.ledger().map(({ grant, status }) => [grant, status])).toEqual([
      ['password', 200],
      ['refresh_token', 400],
      ['password', 200],
    ]);
    expect(named('reauthorizationRequired')).toHaveLength(0);
  });

  it('says once that a login is needed when the login fails too, and makes no further request', async () => {
    const registration = bench.registration({ provider: bench.twoBaLike() });
    const manager = bench.manager({ registrations: [registration] });
    await manager.authenticate(
      'acme',
      passwordGrant({ username: 'demo', password: 'demo-password' }),
    );
    const other = bench.manager({
      store: manager.engine.store,
      registrations: [
        { ...registration, grant: passwordGrant({ username: 'demo', password: 'wrong' }) },
      ],
    });
    const refresher = new TokenRefresher(other);
    bench.sandbox.revoke({ refreshTokens: true });
    await bench.clock.advance(121_000);
    const error: unknown = await other.getAccessToken('acme').catch((caught: unknown) => caught);
    expect(isReauthorizationRequiredError(error)).toBe(true);
    expect(bench.sandbox.ledger().map(({ grant, status }) => [grant, status])).toEqual([
      ['password', 200],
      ['refresh_token', 400],
      ['password', 400],
    ]);
    for (let second = 0; second < 600; second += 5) {
      await bench.clock.advance(5_000);
      await refresher.tick();
      await expect(other.getAccessToken('acme')).rejects.toThrow(/log in again/);
    }
    await refresher.stop();
    expect(bench.tokenRequests()).toBe(3);
    expect(named('reauthorizationRequired')).toHaveLength(1);
  });

  it('never logs in with the technical account for a subject', async () => {
    const manager = bench.manager();
    const key = { registrationId: 'acme', subject: 'user-42' };
    await expect(manager.getAccessToken(key)).rejects.toThrow(/log in again/);
    expect(bench.tokenRequests()).toBe(0);
    await manager.authenticate(key, passwordGrant({ username: 'demo', password: 'demo-password' }));
    bench.sandbox.revoke({ refreshTokens: true });
    await bench.clock.advance(301_000);
    await expect(manager.getAccessToken(key)).rejects.toThrow(/log in again/);
    await expect(manager.getAccessToken(key)).rejects.toThrow(/log in again/);
    expect(bench.sandbox.ledger().map(({ grant }) => grant)).toEqual(['password', 'refresh_token']);
    expect(named('reauthorizationRequired')).toHaveLength(1);
  });

  it('plants a configured refresh token once and never sends it again', async () => {
    const refreshToken = bench.sandbox.seedRefreshToken('oidc', { subject: 'demo' });
    const manager = bench.manager({
      registrations: [bench.registration({ grant: refreshTokenGrant({ refreshToken }) })],
    });
    await manager.getAccessToken('acme');
    await bench.clock.advance(301_000);
    await manager.getAccessToken('acme');
    const sent = bench.sandbox.ledger().map((item) => item.refreshToken);
    expect(sent).toHaveLength(2);
    expect(new Set(sent).size).toBe(2);
    await manager.forget('acme');
    await expect(manager.getAccessToken('acme')).rejects.toThrow(/log in again/);
    expect(bench.tokenRequests()).toBe(2);
  });

  it('serves the present token through an outage of the token endpoint', async () => {
    const manager = bench.manager();
    const refresher = new TokenRefresher(manager);
    const first = await manager.getAccessToken('acme');
    bench.sandbox.addFault({ on: 'token', kind: 'status', status: 503, times: 3 });
    await bench.clock.advance(240_000);
    for (let second = 0; second < 50; second += 1) {
      expect(typeof (await manager.getAccessToken('acme'))).toBe('string');
      await bench.clock.advance(1_000);
      await manager.drain();
    }
    await refresher.stop();
    expect(await manager.getAccessToken('acme')).not.toBe(first);
    const statuses = bench.sandbox.ledger().map(({ status }) => status);
    expect(statuses).toEqual([200, 503, 503, 503, 200]);
  });

  it('fault 25: makes one request with a wrong secret, says so, and lives again when the settings are right', async () => {
    const registration = bench.registration({ clientSecret: 'canary-0badc0de-secret' });
    const manager = bench.manager({
      registrations: [registration],
      timing: { maxWaitMs: 1_000 },
    });
    await expect(manager.getAccessToken('acme')).rejects.toThrow(/misconfigured|invalid_client/);
    await expect(manager.getAccessToken('acme')).rejects.toThrow(/invalid_client/);
    expect(bench.tokenRequests()).toBe(1);
    expect((await manager.status('acme')).state).toBe('misconfigured');
    const mended = bench.manager({
      store: manager.engine.store,
      registrations: [bench.registration()],
    });
    expect(await mended.refresh('acme')).toMatchObject({ outcome: 'refreshed' });
    expect((await mended.status('acme')).state).toBe('fresh');
  });

  it('repeats client credentials when there is no refresh token', async () => {
    const manager = bench.manager({
      registrations: [bench.registration({ grant: clientCredentialsGrant() })],
    });
    const first = await manager.getAccessToken('acme');
    await bench.clock.advance(301_000);
    expect(await manager.getAccessToken('acme')).not.toBe(first);
    expect(bench.sandbox.ledger().map(({ grant }) => grant)).toEqual([
      'client_credentials',
      'client_credentials',
    ]);
  });

  it('logs in anew after a lost answer instead of sending a strict refresh token twice', async () => {
    const manager = bench.manager();
    await manager.getAccessToken('acme');
    bench.sandbox.addFault({ on: 'token', kind: 'dropAnswer', times: 1 });
    await bench.clock.advance(301_000);
    await manager.getAccessToken('acme');
    expect(bench.sandbox.ledger().map(({ grant, reuse }) => [grant, reuse])).toEqual([
      ['password', undefined],
      ['refresh_token', undefined],
      ['password', undefined],
    ]);
  });

  it('leaves a strict refresh token whose answer was lost alone for the takeover delay', async () => {
    const refreshToken = bench.sandbox.seedRefreshToken('oidc', { subject: 'demo' });
    const manager = bench.manager({
      registrations: [bench.registration({ grant: refreshTokenGrant({ refreshToken }) })],
      timing: { maxWaitMs: 2_000 },
    });
    await manager.getAccessToken('acme');
    bench.sandbox.addFault({ on: 'token', kind: 'reset', times: 1 });
    await bench.clock.advance(301_000);
    const waiting = manager.getAccessToken('acme').catch((error: unknown) => error);
    for (let step = 0; step < 5; step += 1) await bench.clock.advance(500);
    expect(isTokenUnavailableError(await waiting)).toBe(true);
    expect(bench.tokenRequests()).toBe(2);
    await bench.clock.advance(80_000);
    const refresher = new TokenRefresher(manager);
    await refresher.tick();
    await manager.drain();
    await refresher.stop();
    expect(bench.sandbox.ledger().at(-1)).toMatchObject({ grant: 'refresh_token', status: 200 });
    expect(bench.tokenRequests()).toBe(3);
  });

  it('refuses a login with a typed error and keeps what is stored', async () => {
    const manager = bench.manager();
    const token = await manager.getAccessToken('acme');
    const error: unknown = await manager
      .authenticate('acme', passwordGrant({ username: 'demo', password: 'canary-5ec2e7' }))
      .catch((caught: unknown) => caught);
    expect(isTokenEndpointError(error)).toBe(true);
    expect(await manager.getAccessToken('acme')).toBe(token);
  });

  it('keeps a pause of the whole provider for as long as its server asks', async () => {
    bench.sandbox.addFault({ on: 'token', kind: 'status', status: 429, retryAfter: 120, times: 1 });
    const manager = bench.manager({
      registrations: [bench.registration(), bench.registration({ registrationId: 'other' })],
      timing: { maxWaitMs: 1_000 },
    });
    await expect(manager.getAccessToken('acme')).rejects.toThrow(/http_429|throttled|429/);
    await expect(manager.getAccessToken('other')).rejects.toThrow(/429/);
    expect(bench.tokenRequests()).toBe(1);
    await bench.clock.advance(126_000);
    await manager.getAccessToken('other');
    expect(bench.tokenRequests()).toBe(2);
  });

  it('revokes here first and there too', async () => {
    const manager = bench.manager();
    await manager.getAccessToken('acme');
    await manager.revoke('acme');
    expect((await manager.status('acme')).state).toBe('none');
    expect(bench.sandbox.revoke()).toEqual({ accessTokens: 0, refreshTokens: 0 });
  });

  it('lists tokens and registrations without tokens, and no secret', async () => {
    const manager = bench.manager({
      registrations: [
        bench.registration(),
        bench.registration({ registrationId: 'idle', keepFresh: false }),
      ],
    });
    const token = await manager.getAccessToken('acme');
    const { items } = await manager.list();
    expect(items.map(({ registrationId, state }) => [registrationId, state])).toEqual([
      ['acme', 'fresh'],
      ['idle', 'none'],
    ]);
    expect(JSON.stringify(items)).not.toContain(token);
  });
});
