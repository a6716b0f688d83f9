import {
  type Grant,
  isOAuthTokenError,
  isReauthorizationRequiredError,
  passwordGrant,
  refreshTokenGrant,
  TokenManager,
  TokenRefresher,
} from '@oauth-token/core';
import { oidc } from '@oauth-token/providers';
import { ManualClock } from '@oauth-token/testing';
import { bodyOf, type HttpServer, listen } from './support/http-server.js';

/** An answer of the token endpoint to its n-th request; the tokens that it brings are `access-n` and `refresh-n`. */
interface Answer {
  readonly contentType?: string;
  readonly body: string;
}

const json = (body: unknown): Answer => ({ body: JSON.stringify(body) });

const good = (n: number): Answer =>
  json({
    access_token: `access-${n}`,
    token_type: 'Bearer',
    expires_in: 3600,
    refresh_token: `refresh-${n}`,
  });

/** Answers that bring nothing of use. */
const USELESS: Readonly<Record<string, (n: number) => Answer>> = {
  HTML: () => ({ contentType: 'text/html', body: '<!doctype html><title>Sign in</title>' }),
  'truncated JSON': (n) => ({ body: good(n).body.slice(0, -20) }),
  'a body of 100 kB': (n) =>
    json({ padding: 'x'.repeat(100_000), access_token: `access-${n}`, expires_in: 3600 }),
  'no access token': () => json({ token_type: 'Bearer', expires_in: 3600 }),
  'a line break in the access token': (n) =>
    json({ access_token: `access-${n}\r\nx-evil: 1`, token_type: 'Bearer', expires_in: 3600 }),
};

/** Answers without a usable access token that bring a refresh token all the same. */
const ONLY_REFRESH: Readonly<Record<string, (n: number) => Answer>> = {
  'no access token, a refresh token': (n) =>
    json({ token_type: 'Bearer', expires_in: 3600, refresh_token: `refresh-${n}` }),
  'a line break in the access token, a refresh token': (n) =>
    json({
      access_token: `access-${n}\r\nx-evil: 1`,
      token_type: 'Bearer',
      expires_in: 3600,
      refresh_token: `refresh-${n}`,
    }),
};

/** Lifetimes that cannot be. */
const LIFETIMES: readonly unknown[] = ['abc', -1, 0, null, 1e12];

const withLifetime =
  (lifetime: unknown) =>
  (n: number): Answer =>
    json({
      access_token: `access-${n}`,
      token_type: 'Bearer',
      expires_in: lifetime,
      refresh_token: `refresh-${n}`,
    });

/** A token endpoint that answers whatever a test wants, on a manual clock with a manager. */
class Endpoint {
  readonly clock = new ManualClock();
  readonly requests: { at: number; grant: string; refreshToken: string | null }[] = [];
  answer: (n: number) => Answer = good;
  reauthorizations = 0;
  #server: HttpServer | undefined;
  #manager: TokenManager | undefined;

  async start(): Promise<void> {
    this.#server = await listen((request, response) => {
      void bodyOf(request).then((body) => {
        const form = new URLSearchParams(body);
        const n = this.requests.push({
          at: this.clock.now(),
          grant: form.get('grant_type') ?? '',
          refreshToken: form.get('refresh_token'),
        });
        const { contentType = 'application/json', body: text } = this.answer(n);
        response.writeHead(200, { 'content-type': contentType }).end(text);
      });
    });
  }

  manager(grant: Grant): TokenManager {
    const url = this.#server?.url ?? '';
    this.#manager = new TokenManager({
      registrations: [
        {
          registrationId: 'acme',
          provider: oidc({ tokenEndpoint: `${url}/token` }),
          clientId: 'a-client',
          clientSecret: 'a-secret',
          grant,
          allowedOrigins: [url],
        },
      ],
      clock: this.clock,
      random: () => 0.5,
      // Nobody waits for the clock, which only the test moves.
      timing: { maxWaitMs: 1 },
    });
    this.#manager.events.on('reauthorizationRequired', () => (this.reauthorizations += 1));
    return this.#manager;
  }

  async stop(): Promise<void> {
    const closing = this.#manager?.close();
    await this.clock.advance(600_000);
    await closing;
    await this.#server?.stop();
  }
}

let endpoint: Endpoint;

beforeEach(async () => {
  endpoint = new Endpoint();
  await endpoint.start();
});
afterEach(() => endpoint.stop());

/** What a caller gets, each second, while the sweep ticks as the default cron does. */
async function live(manager: TokenManager, seconds: number): Promise<readonly unknown[]> {
  const refresher = new TokenRefresher(manager);
  const seen: unknown[] = [];
  for (let second = 0; second < seconds; second += 1) {
    if (second % 5 === 0) await refresher.tick();
    seen.push(await manager.getAccessToken('acme').catch((error: unknown) => error));
    await endpoint.clock.advance(1_000);
    await manager.drain();
  }
  await refresher.stop();
  return seen;
}

/** At most one request for each five seconds, and none right behind another of its kind. */
function expectNoTightLoop(seconds: number): void {
  const { requests } = endpoint;
  expect(requests.length).toBeLessThanOrEqual(seconds / 5);
  for (const [index, { at, grant }] of requests.slice(1).entries()) {
    const before = requests[index];
    if (before?.grant === grant) expect(at - before.at).toBeGreaterThanOrEqual(100);
  }
}

const login = passwordGrant({ username: 'user', password: 'password' });

/** A stored token of an hour that has just fallen due. */
async function withDueToken(grant: Grant): Promise<TokenManager> {
  const manager = endpoint.manager(grant);
  expect(await manager.getAccessToken('acme')).toBe('access-1');
  await endpoint.clock.advance(48 * 60_000);
  return manager;
}

const cases = (answers: Readonly<Record<string, (n: number) => Answer>>) =>
  Object.entries(answers).map(([name, answer]) => ({ name, answer }));

describe('an answer to a login', () => {
  it.each(cases({ ...USELESS, ...ONLY_REFRESH }))(
    'of $name is a typed error, without a tight loop',
    async ({ answer }) => {
      endpoint.answer = answer;
      const manager = endpoint.manager(login);
      const seen = await live(manager, 60);
      expect(seen.filter((outcome) => !isOAuthTokenError(outcome))).toEqual([]);
      expectNoTightLoop(60);
      endpoint.answer = good;
      const later = await live(manager, 60);
      expect(later.at(-1)).toBe(`access-${endpoint.requests.length}`);
    },
  );

  it.each(LIFETIMES)('with a lifetime of %p gives a token for an hour', async (lifetime) => {
    endpoint.answer = withLifetime(lifetime);
    const manager = endpoint.manager(login);
    const seen = await live(manager, 60);
    expect(new Set(seen)).toEqual(new Set(['access-1']));
    const { issuedAt, expiresAt } = await manager.getTokenSet('acme');
    expect(expiresAt - issuedAt).toBe(3_600_000);
    expect(endpoint.requests).toHaveLength(1);
  });

  it('of an error with status 200 is a refusal, told once', async () => {
    endpoint.answer = () => json({ error: 'invalid_grant' });
    const manager = endpoint.manager(login);
    const seen = await live(manager, 60);
    expect(seen.every(isReauthorizationRequiredError)).toBe(true);
    expect(endpoint.requests).toHaveLength(1);
    expect(endpoint.reauthorizations).toBe(1);
  });
});

describe('an answer to a refresh', () => {
  const seed = refreshTokenGrant({ refreshToken: 'refresh-0' });

  it.each(cases(USELESS))(
    'of $name leaves the stored tokens, and the refresh token is used again',
    async ({ answer }) => {
      const manager = await withDueToken(seed);
      endpoint.requests.length = 0;
      endpoint.answer = answer;
      const seen = await live(manager, 60);
      expect(new Set(seen)).toEqual(new Set(['access-1']));
      expect(endpoint.requests.length).toBeGreaterThan(0);
      expectNoTightLoop(60);
      endpoint.answer = good;
      const later = await live(manager, 60);
      expect(later.at(-1)).toBe(`access-${endpoint.requests.length}`);
      const sent = endpoint.requests.map(({ refreshToken }) => refreshToken);
      expect(new Set(sent)).toEqual(new Set(['refresh-1']));
    },
  );

  it.each(cases(USELESS))(
    'of $name is made good by a login where one is configured',
    async (bad) => {
      const manager = await withDueToken(login);
      endpoint.requests.length = 0;
      endpoint.answer = bad.answer;
      const seen = await live(manager, 60);
      expect(new Set(seen)).toEqual(new Set(['access-1']));
      expectNoTightLoop(60);
      endpoint.answer = good;
      const later = await live(manager, 60);
      expect(later.at(-1)).toBe(`access-${endpoint.requests.length}`);
      // Nobody knows whether the first request spent it: a login settles that, a second use would not.
      const refreshes = endpoint.requests.filter(({ grant }) => grant === 'refresh_token');
      expect(refreshes.map(({ refreshToken }) => refreshToken)).toEqual(['refresh-1']);
    },
  );

  it.each(cases(ONLY_REFRESH))(
    'of $name is stored: the stored access token lives on, and each next refresh uses the newest',
    async ({ answer }) => {
      const manager = await withDueToken(seed);
      endpoint.requests.length = 0;
      // The first answer here brings refresh-1, as the seed's did.
      endpoint.answer = (n) => answer(n + 1);
      const seen = await live(manager, 60);
      expect(new Set(seen)).toEqual(new Set(['access-1']));
      expect(endpoint.requests.length).toBeGreaterThan(1);
      expectNoTightLoop(60);
      endpoint.answer = (n) => good(n + 1);
      const later = await live(manager, 60);
      const count = endpoint.requests.length;
      expect(later.at(-1)).toBe(`access-${count + 1}`);
      const sent = endpoint.requests.map(({ refreshToken }) => refreshToken);
      expect(sent).toEqual(sent.map((_, index) => `refresh-${index + 1}`));
    },
  );

  it.each(LIFETIMES)('with a lifetime of %p gives a token for an hour', async (lifetime) => {
    const manager = await withDueToken(seed);
    endpoint.requests.length = 0;
    endpoint.answer = (n) => withLifetime(lifetime)(n + 1);
    const seen = await live(manager, 60);
    expect(seen.at(-1)).toBe('access-2');
    const { issuedAt, expiresAt } = await manager.getTokenSet('acme');
    expect(expiresAt - issuedAt).toBe(3_600_000);
    expect(endpoint.requests.map(({ refreshToken }) => refreshToken)).toEqual(['refresh-1']);
    await endpoint.clock.advance(49 * 60_000);
    await live(manager, 10);
    expect(endpoint.requests.at(-1)?.refreshToken).toBe('refresh-2');
  });

  it('of an error with status 200 is a refusal, told once; the stored token is served to its end', async () => {
    const manager = await withDueToken(seed);
    endpoint.requests.length = 0;
    endpoint.answer = () => json({ error: 'invalid_grant' });
    const seen = await live(manager, 12 * 60 - 1);
    expect(new Set(seen)).toEqual(new Set(['access-1']));
    await endpoint.clock.advance(2_000);
    const later = await live(manager, 60);
    expect(later.every(isReauthorizationRequiredError)).toBe(true);
    expect(endpoint.requests).toHaveLength(1);
    expect(endpoint.reauthorizations).toBe(1);
  });

  it('of a page does not hold up the shutdown while the refresh token rests', async () => {
    const manager = await withDueToken(seed);
    endpoint.answer = () => ({ contentType: 'text/html', body: '<!doctype html>' });
    expect(await manager.refresh('acme')).toMatchObject({ outcome: 'ambiguous' });
    const waiting = manager.refresh('acme');
    await endpoint.clock.advance(1_000);
    await manager.close();
    expect(await waiting).toMatchObject({ code: 'renewal_in_progress' });
    expect(endpoint.requests).toHaveLength(2);
  });
});
