import {
  clientCredentialsGrant,
  defineProvider,
  passwordGrant,
  type ProviderAdapter,
  refreshTokenGrant,
  type TokenAnswer,
  type TokenRequestContext,
} from '@oauth-token/core';
import { providerAdapterContract } from './provider-adapter-contract.js';
import { FIXTURE_SENT_AT, type ProviderFixture } from './provider-fixture.js';

const context: TokenRequestContext = {
  endpoints: { token: 'https://auth.example.com/token' },
  clientId: 'client',
  clientSecret: 'canary-secret',
  clientAuthentication: 'client_secret_post',
};

const client = { client_id: 'client', client_secret: 'canary-secret' };

const fixtures: readonly ProviderFixture[] = [
  {
    name: 'refresh',
    grant: refreshTokenGrant({ refreshToken: 'R+1' }),
    context,
    request: {
      method: 'POST',
      url: 'https://auth.example.com/token',
      headers: { authorization: null },
      form: { grant_type: 'refresh_token', refresh_token: 'R+1', ...client },
    },
    response: {
      body: { access_token: 'A2', token_type: 'bearer', expires_in: 120, refresh_token: 'R2' },
    },
    answer: {
      outcome: 'refreshed',
      tokens: {
        accessToken: 'A2',
        refreshToken: 'R2',
        expiresAt: FIXTURE_SENT_AT + 120_000,
        idToken: undefined,
      },
    },
  },
  {
    name: 'dead refresh token',
    grant: refreshTokenGrant({ refreshToken: 'R1' }),
    context,
    response: { status: 400, body: { error: 'invalid_grant' } },
    answer: { outcome: 'reauthorizationRequired', code: 'invalid_grant' },
  },
  {
    name: 'login by Basic',
    grant: passwordGrant({ username: 'ü', password: 'p w' }),
    context: { ...context, clientAuthentication: 'client_secret_basic' },
    request: { basic: 'client:canary-secret' },
  },
  {
    name: 'client credentials',
    grant: clientCredentialsGrant(),
    context,
    response: { body: { access_token: 'A', token_type: 'Bearer', expires_in: 3600 } },
    answer: { outcome: 'refreshed', tokens: { refreshToken: undefined } },
  },
];

const good: ProviderAdapter = defineProvider({
  name: 'acme',
  endpoints: { token: 'https://auth.example.com/token' },
  clientAuthentication: 'client_secret_post',
});

/** Those of the cases with such a name that an adapter fails. */
const failures = async (adapter: ProviderAdapter, name: RegExp): Promise<string[]> => {
  const failed: string[] = [];
  for (const each of providerAdapterContract(adapter, fixtures)) {
    if (name.test(each.name)) await each.run().catch(() => failed.push(each.name));
  }
  return failed;
};

/** An adapter whose reading of answers is spoilt. */
const reading = (spoil: (answer: TokenAnswer, body: string) => TokenAnswer): ProviderAdapter => ({
  ...good,
  parseResponse: (response, about) => spoil(good.parseResponse(response, about), response.body),
});

const withTokens = (answer: TokenAnswer, changes: object): TokenAnswer =>
  answer.outcome === 'refreshed' ? { ...answer, tokens: { ...answer.tokens, ...changes } } : answer;

describe('providerAdapterContract', () => {
  describe('a plain RFC 6749 adapter keeps it', () => {
    for (const { name, run } of providerAdapterContract(good, fixtures)) it(name, run);
  });

  it('wants at least one fixture', () => {
    expect(() => providerAdapterContract(good, [])).toThrow(/fixture/);
  });

  it.each<[string, ProviderAdapter, RegExp]>([
    [
      'encodes twice',
      {
        ...good,
        buildRequest(grant, about) {
          const built = good.buildRequest(grant, about);
          const body = new URLSearchParams(built.body);
          for (const [name, value] of [...body]) body.set(name, encodeURIComponent(value));
          return { ...built, body: body.toString() };
        },
      },
      /encoded once/,
    ],
    [
      'does not encode',
      {
        ...good,
        buildRequest(grant, about) {
          const built = good.buildRequest(grant, about);
          const body = [...new URLSearchParams(built.body)].map((pair) => pair.join('=')).join('&');
          return { ...built, body };
        },
      },
      /encoded once/,
    ],
    [
      'puts a secret into the URL',
      {
        ...good,
        buildRequest(grant, about) {
          const built = good.buildRequest(grant, about);
          return { ...built, url: `${built.url}?${built.body ?? ''}` };
        },
      },
      /refresh: request/,
    ],
    [
      'hides its secrets',
      { ...good, buildRequest: (...args) => ({ ...good.buildRequest(...args), secrets: [] }) },
      /encoded once/,
    ],
    [
      'throws at a cut body',
      reading((answer, body) => {
        JSON.parse(body);
        return answer;
      }),
      /never throw/,
    ],
    [
      'pollutes',
      reading((answer, body) => {
        if (body.includes('polluted')) Object.assign(Object.prototype, { polluted: true });
        return answer;
      }),
      /pollute/,
    ],
    [
      'gives up on a defect',
      reading((answer) =>
        answer.outcome === 'refreshed' && answer.defect !== undefined ? answer.defect : answer,
      ),
      /does not lose/,
    ],
    [
      'reads an absent refresh token as an empty one',
      reading((answer) =>
        answer.outcome === 'refreshed' && answer.tokens.refreshToken === undefined
          ? withTokens(answer, { refreshToken: '' })
          : answer,
      ),
      /leaves the old one/,
    ],
    [
      'believes every expiry',
      reading((answer, body) => {
        const lifetime = /"expires_in":(-?[\d.e+]+)/.exec(body)?.[1];
        return lifetime === undefined
          ? answer
          : withTokens(answer, { expiresAt: FIXTURE_SENT_AT + Number(lifetime) * 1000 });
      }),
      /bent member/,
    ],
    [
      'counts a page as success',
      reading((answer, body) =>
        body.startsWith('<') ? { outcome: 'transient', code: 'x', message: 'x' } : answer,
      ),
      /200 with a page/,
    ],
    [
      'does not know 429',
      reading((answer) =>
        answer.outcome === 'throttled' ? { ...answer, outcome: 'transient' } : answer,
      ),
      /429/,
    ],
    ['sends no token', { ...good, attachHeaders: () => ({}) }, /rides/],
    ['never sees a refusal', { ...good, isAccessTokenRejected: () => false }, /401/],
  ])('finds an adapter that %s', async (_, adapter, expected) => {
    try {
      expect(await failures(adapter, expected)).not.toEqual([]);
    } finally {
      Reflect.deleteProperty(Object.prototype, 'polluted');
    }
  });
});
