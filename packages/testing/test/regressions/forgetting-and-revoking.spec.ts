import { isReauthorizationRequiredError } from '@oauth-token/core';
import { failureOf, PASSWORD, RegressionBench } from './regression-bench.js';
import { NOT_SENT } from './scripted-endpoint.js';

let bench: RegressionBench;

beforeEach(() => {
  bench = new RegressionBench();
});
afterEach(() => bench.close());

describe('forget', () => {
  it('fault 75: ends a renewal behind a served token without another login, until someone asks', async () => {
    const manager = bench.manager();
    await manager.getAccessToken('acme');
    await bench.clock.advance(250_000);
    const answering = bench.gate();
    bench.endpoint.behaviour = async () => {
      await answering.passed;
      return bench.endpoint.issue();
    };
    expect(await manager.getAccessToken('acme')).toBe('at1');
    await bench.turns();
    await manager.forget('acme');
    answering.open();
    await manager.drain();
    expect(bench.endpoint.grants).toEqual(['password', 'refresh_token']);
    expect((await manager.status('acme')).state).toBe('none');
    expect(bench.endpoint.revoked).toEqual(['rt2', 'at2']);
    expect(await manager.getAccessToken('acme')).toBe('at3');
    expect(bench.endpoint.grants).toEqual(['password', 'refresh_token', 'password']);
  });

  it('keeps the background from logging in again', async () => {
    const manager = bench.manager();
    await manager.getAccessToken('acme');
    await manager.forget('acme');
    await bench.background(manager, 400);
    expect(bench.endpoint.count).toBe(1);
  });

  it('is not undone by a read that was slow', async () => {
    const manager = bench.manager(bench.loginless());
    await manager.authenticate('acme', PASSWORD);
    const other = bench.manager(bench.loginless());
    const answering = bench.gate();
    bench.store.afterNextRead = () => answering.passed;
    const slow = bench.watch(other.getAccessToken('acme'));
    await bench.turns();
    await other.forget('acme');
    answering.open();
    await bench.turns();
    // It was asked for before: who waited for it may have it.
    expect(slow.tookMs).toBe(0);
    const error = await failureOf(other.getAccessToken('acme'));
    expect(isReauthorizationRequiredError(error)).toBe(true);
  });

  it('reaches another manager whose read was slow', async () => {
    const manager = bench.manager(bench.loginless());
    await manager.authenticate('acme', PASSWORD);
    const other = bench.manager(bench.loginless());
    const answering = bench.gate();
    bench.store.afterNextRead = () => answering.passed;
    bench.watch(other.getAccessToken('acme'));
    await bench.turns();
    await manager.forget('acme');
    answering.open();
    await bench.turns();
    await failureOf(other.getAccessToken('acme'));
  });

  it('drops tokens that the store has not confirmed, and revokes them when it can', async () => {
    const manager = bench.manager(bench.loginless());
    await manager.authenticate('acme', PASSWORD);
    await bench.clock.advance(250_000);
    bench.store.commitsFail = true;
    await manager.getAccessToken('acme');
    await bench.turns();
    expect(await manager.getAccessToken('acme')).toBe('at2');
    await manager.forget('acme');
    const error = await failureOf(manager.getAccessToken('acme'));
    expect(isReauthorizationRequiredError(error)).toBe(true);
    bench.store.commitsFail = false;
    await bench.clock.advance(20_000);
    expect(bench.endpoint.revoked).toEqual(['rt2', 'at2']);
    expect((await manager.status('acme')).state).toBe('none');
    await failureOf(manager.getAccessToken('acme'));
  });
});

it('does not let a slow read bring back the token that a login has replaced', async () => {
  await bench.manager().getAccessToken('acme');
  const other = bench.manager();
  const answering = bench.gate();
  bench.store.afterNextRead = () => answering.passed;
  const slow = bench.watch(other.getAccessToken('acme'));
  await bench.turns();
  const login = await other.authenticate('acme', PASSWORD);
  answering.open();
  await bench.turns();
  expect(slow.tookMs).toBe(0);
  expect(login.accessToken).toBe('at2');
  expect(await other.getAccessToken('acme')).toBe('at2');
});

describe('revoke', () => {
  it('revokes the newest refresh token when a renewal comes in between', async () => {
    const manager = bench.manager(bench.loginless());
    await manager.authenticate('acme', PASSWORD);
    bench.store.afterNextRead = async () => {
      await manager.refresh('acme');
    };
    await manager.revoke('acme');
    expect(bench.endpoint.revoked).toEqual(['rt2', 'at2']);
    expect((await manager.status('acme')).state).toBe('none');
  });

  it('also revokes tokens that the store confirms only later', async () => {
    const manager = bench.manager(bench.loginless());
    await manager.authenticate('acme', PASSWORD);
    await bench.clock.advance(250_000);
    bench.store.commitsFail = true;
    await manager.getAccessToken('acme');
    await bench.turns();
    await manager.revoke('acme');
    bench.store.commitsFail = false;
    await bench.clock.advance(20_000);
    expect(bench.endpoint.revoked).toEqual(['rt1', 'at1', 'rt2', 'at2']);
    expect((await manager.status('acme')).state).toBe('none');
  });
});

describe('list', () => {
  it('shows a forgotten key once', async () => {
    const manager = bench.manager(bench.registration(), { timing: { maxWaitMs: 100 } });
    await manager.getAccessToken('acme');
    await manager.forget('acme');
    const shown = async () =>
      (await manager.list()).items.map(({ registrationId, state }) => [registrationId, state]);
    expect(await shown()).toEqual([['acme', 'none']]);
    // A login that fails leaves a record with a key and without tokens.
    bench.endpoint.behaviour = () => NOT_SENT;
    const waiting = failureOf(manager.getAccessToken('acme'));
    await bench.clock.advance(1_000);
    await waiting;
    expect(await shown()).toEqual([['acme', 'none']]);
  });

  it('shows a key once whose first login has failed', async () => {
    const manager = bench.manager(bench.registration(), { timing: { maxWaitMs: 100 } });
    bench.endpoint.behaviour = () => NOT_SENT;
    const waiting = failureOf(manager.getAccessToken('acme'));
    await bench.clock.advance(1_000);
    await waiting;
    expect((await manager.list()).items).toMatchObject([{ registrationId: 'acme' }]);
  });

  it('shows the others too when one registration is wrong', async () => {
    const manager = bench.manager();
    await manager.getAccessToken('acme');
    const wrong = bench.registration({ allowedOrigins: [] });
    const other = bench.manager(wrong, { registrations: { find: () => Promise.resolve(wrong) } });
    const { items } = await other.list();
    expect(items).toMatchObject([{ registrationId: 'acme', provider: 'unknown', state: 'fresh' }]);
  });

  it('has no empty pages for tombstones whose time is over', async () => {
    const manager = bench.manager(bench.loginless());
    for (let number = 0; number < 50; number += 1) {
      const key = { registrationId: 'acme', subject: `subject-${number}` };
      await manager.authenticate(key, PASSWORD);
      await manager.forget(key);
    }
    await bench.clock.advance(48 * 3_600_000);
    expect(await bench.store.list({ limit: 10 })).toEqual({ records: [] });
  });
});
