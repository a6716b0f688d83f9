import { isTokenUnavailableError, passwordGrant, type ProviderAdapter } from '@oauth-token/core';
import { inspect } from 'node:util';
import { failureOf, RegressionBench } from './regression-bench.js';
import { json } from './scripted-endpoint.js';

const API = new URL('https://api.example/orders');

let bench: RegressionBench;

beforeEach(() => {
  bench = new RegressionBench();
});
afterEach(() => bench.close());

describe('an API that takes a renewed token and then refuses it', () => {
  it('gets another one at once', async () => {
    const source = bench.manager().source('acme');
    const first = await source.authorize(API);
    const second = await source.reauthorize(first, API);
    source.accepted?.(second);
    const third = await source.reauthorize(second, API);
    expect(third.accessToken).toBe('at3');
    // This one has not been taken yet.
    const error = await failureOf(source.reauthorize(third, API));
    expect(isTokenUnavailableError(error)).toBe(true);
    expect(bench.endpoint.count).toBe(3);
  });
});

it('sends a refused call again for the subject that it was sent for, though the request has another by then', async () => {
  let current = 'alice';
  bench.endpoint.behaviour = ({ form }) => {
    const owner = form.get('username') ?? form.get('refresh_token')?.split('-')[1] ?? '';
    const number = bench.endpoint.count;
    return bench.endpoint.issue({
      access_token: `at-${owner}-${number}`,
      refresh_token: `rt-${owner}-${number}`,
    });
  };
  const registration = bench.loginless({
    grantFor: ({ subject: username = '' }) =>
      Promise.resolve(passwordGrant({ username, password: 'x' })),
  });
  const source = bench.manager(registration, { subject: () => current }).source('acme');
  const first = await source.authorize(API);
  current = 'bob';
  const second = await source.reauthorize(first, API);
  expect([first.accessToken, second.accessToken]).toEqual(['at-alice-1', 'at-alice-2']);
  expect((await source.authorize(API)).accessToken).toBe('at-bob-3');
});

describe('no secret shows', () => {
  it('in a manager, a source or a refresher that is printed', async () => {
    const manager = bench.manager();
    bench.endpoint.behaviour = () =>
      bench.endpoint.issue({ access_token: 'canary-access', refresh_token: 'canary-refresh' });
    await manager.getAccessToken('acme');
    const source = manager.source('acme');
    await source.authorize(API);
    const refresher = bench.refresher(manager);
    await refresher.tick();
    for (const part of [manager, source, refresher]) {
      expect(inspect(part, { depth: 10, showHidden: true })).not.toContain('canary');
      expect(inspect(part, { depth: 10 })).not.toContain('canary');
    }
  });

  it('when a server repeats what it was sent', async () => {
    const manager = bench.manager();
    const basic = Buffer.from('client:canary-secret').toString('base64');
    bench.endpoint.behaviour = ({ form }) =>
      json(400, {
        error: 'invalid_grant',
        error_description: `bad ${form.toString()} canary-secret ${basic}`,
      });
    const error = await failureOf(manager.getAccessToken('acme'));
    const told = [error, bench.events, await manager.status('acme'), await manager.list()];
    for (const text of [inspect(told, { depth: 10 }), JSON.stringify(told), String(error)]) {
      expect(text).not.toContain('canary');
      expect(text).not.toContain(basic.slice(0, 12));
    }
  });

  it('when an adapter throws what it has read: the answer counts as lost', async () => {
    const provider: ProviderAdapter = {
      ...bench.provider(),
      parseResponse: ({ body }) => {
        throw new Error(`cannot read ${body}`, { cause: body });
      },
    };
    bench.endpoint.behaviour = () => bench.endpoint.issue({ access_token: 'canary-access' });
    const manager = bench.manager(bench.registration({ provider }));
    const waiting = bench.watch(manager.getAccessToken('acme'));
    await bench.clock.advance(11_000);
    expect(isTokenUnavailableError(waiting.error)).toBe(true);
    expect(bench.told('refreshFailed')[0]).toMatchObject({
      outcome: 'ambiguous',
      code: 'answer_not_read',
    });
    const told = [waiting.error, bench.events, await manager.status('acme')];
    expect(inspect(told, { depth: 10 })).not.toContain('canary');
    expect(inspect(told, { depth: 10 })).not.toContain('rt1');
  });
});
