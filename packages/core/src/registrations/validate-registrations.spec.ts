import { ConfigurationError } from '../errors/errors.js';
import type { ClientRegistration } from '../model/client-registration.js';
import { authorizationCodeGrant, passwordGrant } from '../model/grant.js';
import { defineProvider } from '../provider/define-provider.js';
import { Registrations } from './registrations.js';
import { validateRegistrations } from './validate-registrations.js';

const provider = (token: string) => defineProvider({ name: 'oidc', endpoints: { token } });
const good: ClientRegistration = {
  registrationId: 'acme',
  provider: provider('https://as.example.com/token'),
  clientId: 'client',
  clientSecret: 'canary-a11ce5-secret',
  grant: passwordGrant({ username: 'alice', password: 'canary-a11ce5-password' }),
  allowedOrigins: ['https://api.example.com'],
};
const pathsOf = (...registrations: unknown[]): string[] =>
  validateRegistrations(registrations as ClientRegistration[]).map(({ path }) => path);

describe('validateRegistrations', () => {
  it('finds nothing wrong with a good one', () => {
    expect(pathsOf(good)).toEqual([]);
  });

  it.each<[string, object, string]>([
    ['no id', { registrationId: '' }, 'registrationId'],
    ['no provider', { provider: undefined }, 'provider'],
    ['no client id', { clientId: undefined }, 'clientId'],
    ['no secret', { clientSecret: undefined }, 'clientSecret'],
    ['no origins', { allowedOrigins: [] }, 'allowedOrigins'],
    ['origins left out', { allowedOrigins: undefined }, 'allowedOrigins'],
    [
      'an origin with a query',
      { allowedOrigins: ['https://a.example/x?b=1'] },
      'allowedOrigins[0]',
    ],
    ['a plain http origin', { allowedOrigins: ['http://a.example'] }, 'allowedOrigins[0]'],
    ['a plain http endpoint', { provider: provider('http://as.example.com/token') }, 'provider'],
    ['a long deadline', { http: { timeoutMs: 15_001 } }, 'http.timeoutMs'],
    ['a deadline of zero', { http: { timeoutMs: 0 } }, 'http.timeoutMs'],
    ['a proxy that is none', { http: { proxy: 'nowhere' } }, 'http.proxy'],
    ['a code as grant', { grant: authorizationCodeGrant({ code: 'x' }) }, 'grant'],
    [
      'a grant without password',
      { grant: passwordGrant({ username: 'a', password: '' }) },
      'grant',
    ],
    ['no concurrency', { concurrency: 0 }, 'concurrency'],
  ])('names %s by its path', (_name, change, path) => {
    expect(pathsOf({ ...good, ...change })).toEqual([`registrations[0].${path}`]);
  });

  it('takes http on loopback', () => {
    const local = {
      provider: provider('http://127.0.0.1:4000/token'),
      allowedOrigins: ['http://localhost:4000'],
    };
    expect(pathsOf({ ...good, ...local })).toEqual([]);
  });

  it('names everything at once, duplicates too, and no secret', () => {
    const bad = { ...good, clientId: '', allowedOrigins: [] };
    const attempt = (): Registrations => new Registrations([good, bad]);
    expect(attempt).toThrow(ConfigurationError);
    expect(attempt).toThrow(
      /3 problem\(s\)[^]*\[1\]\.allowedOrigins[^]*\[1\]\.clientId[^]*\[1\]\.registrationId/,
    );
    expect(attempt).not.toThrow(/canary/);
  });
});

describe('Registrations', () => {
  it('leaves a scope out of the key when it is the registration’s own', async () => {
    const registrations = new Registrations([{ ...good, scope: ['read', 'write'] }]);
    const key = await registrations.keyOf({ registrationId: 'acme', scope: ['write', 'read'] });
    expect(key).toEqual({ registrationId: 'acme' });
    expect(await registrations.keyOf({ registrationId: 'acme', scope: ['read'] })).toEqual({
      registrationId: 'acme',
      scope: ['read'],
    });
  });

  it('asks a source at run time and checks what it says', async () => {
    const source = {
      find: (id: string) =>
        Promise.resolve(id === 'bad' ? { ...good, allowedOrigins: [] } : undefined),
    };
    const registrations = new Registrations(source);
    await expect(registrations.require('bad')).rejects.toThrow(
      /registrations\['bad'\]\.allowedOrigins/,
    );
    await expect(registrations.require('unknown')).rejects.toThrow(/'unknown'/);
  });
});
