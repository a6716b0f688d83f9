import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { readRegistrations } from './read-registrations.js';

const ENVIRONMENT = { SANDBOX_URL: 'http://127.0.0.1:4000' };

const GOOD = `
    registrationId: good
    provider: oidc
    providerOptions: { tokenEndpoint: 'http://127.0.0.1:18446/oauth/token' }
    clientId: test-client
    clientSecret: test-secret
    grant: { type: client_credentials }
    allowedOrigins: ['http://127.0.0.1:18466']`;

/** A file with one registration: the good one with a member replaced, added or (with nothing) removed. */
function withMember(name: string, value?: string): string {
  const lines = GOOD.split('\n').filter((line) => line !== '' && !line.startsWith(`    ${name}:`));
  if (value !== undefined) lines.push(`    ${name}: ${value}`);
  return `registrations:\n  -\n${lines.join('\n')}\n`;
}

const problemsOf = (text: string, environment: NodeJS.ProcessEnv = ENVIRONMENT): string[] =>
  readRegistrations(text, environment).problems.map(({ path, message }) => `${path}: ${message}`);

const pathsOf = (text: string): string[] =>
  readRegistrations(text, ENVIRONMENT).problems.map(({ path }) => path);

describe('readRegistrations', () => {
  it('reads the default file', () => {
    const file = new URL('../../config/registrations.yaml', import.meta.url);
    const { registrations, problems } = readRegistrations(readFileSync(file, 'utf8'), ENVIRONMENT);
    expect(problems).toEqual([]);
    expect(registrations.map((one) => [one.registrationId, one.provider.endpoints?.token])).toEqual(
      [
        ['2ba', 'http://127.0.0.1:4000/2ba/OAuth/Token'],
        ['veeam', 'http://127.0.0.1:4000/veeam/api/oauth2/token'],
        ['empowerid', 'http://127.0.0.1:4000/empowerid/oauth/v2/token'],
      ],
    );
    expect(registrations.map(({ allowedOrigins }) => allowedOrigins)).toEqual(
      Array(3).fill(['http://127.0.0.1:4000']),
    );
  });

  it('reads every member', () => {
    const { registrations, problems } = readRegistrations(
      `registrations:
  - registrationId: acme
    provider: oidc                 # twoBa | veeamAhv | veeamVbr | empowerId | oidc
    providerOptions: { tokenEndpoint: "http://127.0.0.1:18446/oauth/token", refreshTokenReuse: { graceMs: 5000 } }
    clientId: test-client
    clientSecret: \${ACME_SECRET}   # from the environment
    clientAuthentication: client_secret_basic
    grant: { type: password, username: alice, password: \${ACME_PASSWORD} }
    scope: [read]
    resource: ['urn:api']
    extraParams: { audience: "pre-\${AUDIENCE}" }
    allowedOrigins: ["http://127.0.0.1:18466"]
    http: { timeoutMs: 800 }
    keepFresh: false
    idleAfterMs: 60000
    concurrency: 2
`,
      { ACME_SECRET: 's: {e}c#', ACME_PASSWORD: '${NOT_AGAIN}', AUDIENCE: 'me' },
    );
    expect(problems).toEqual([]);
    expect(registrations[0]).toMatchObject({
      registrationId: 'acme',
      clientSecret: 's: {e}c#',
      clientAuthentication: 'client_secret_basic',
      grant: { type: 'password', username: 'alice', password: '${NOT_AGAIN}' },
      scope: ['read'],
      resource: ['urn:api'],
      extraParams: { audience: 'pre-me' },
      http: { timeoutMs: 800 },
      keepFresh: false,
      idleAfterMs: 60_000,
      concurrency: 2,
    });
  });

  it('reads JSON', () => {
    const file = { registrations: [{ registrationId: 'a', provider: 'twoBa', clientId: '${ID}' }] };
    const { registrations } = readRegistrations(JSON.stringify(file, null, '\t'), { ID: 'x' });
    expect(registrations[0]).toMatchObject({ registrationId: 'a', clientId: 'x' });
  });

  it.each([
    ["'$${NAME}'", '${NAME}'],
    ['$${NAME} and $${', '${NAME} and ${'],
    ['"costs $5"', 'costs $5'],
  ])('takes %s as the text %s', (written, expected) => {
    const { registrations, problems } = readRegistrations(
      withMember('clientSecret', written),
      ENVIRONMENT,
    );
    expect(problems).toEqual([]);
    expect(registrations[0]?.clientSecret).toBe(expected);
  });

  it.each<[string, string | undefined, string[]]>([
    ['registrationId', undefined, ['registrations[0].registrationId']],
    ['registrationId', '17', ['registrations[0].registrationId']],
    ['provider', undefined, ['registrations[0].provider']],
    ['provider', 'foo', ['registrations[0].provider']],
    ['providerOptions', '{ tokenEndpont: x }', ['registrations[0].providerOptions.tokenEndpont']],
    ['providerOptions', '{}', ['registrations[0].providerOptions.tokenEndpoint']],
    ['providerOptions', "{ tokenEndpoint: 'http://example.com/t' }", ['registrations[0].provider']],
    ['clientId', undefined, ['registrations[0].clientId']],
    ['clientId', '42', ['registrations[0].clientId']],
    ['clientSecret', '${UNSET}', ['registrations[0].clientSecret']],
    ['clientAuthentication', 'basic', ['registrations[0].clientAuthentication']],
    ['grant', '{ type: implicit }', ['registrations[0].grant.type']],
    ['grant', 'password', ['registrations[0].grant']],
    ['grant', '{ type: password, username: a }', ['registrations[0].grant.password']],
    [
      'grant',
      '{ type: refresh_token, refresh_token: x }',
      ['registrations[0].grant.refreshToken', 'registrations[0].grant.refresh_token'],
    ],
    ['allowedOrigins', '[]', ['registrations[0].allowedOrigins']],
    ['allowedOrigins', undefined, ['registrations[0].allowedOrigins']],
    ['allowedOrigins', "['http://example.com']", ['registrations[0].allowedOrigins[0]']],
    ['allowedOrigins', "['${UNSET}']", ['registrations[0].allowedOrigins[0]']],
    ['http', '{ timeoutMs: 800, retries: 3 }', ['registrations[0].http.retries']],
    ['http', '{ timeoutMs: soon }', ['registrations[0].http.timeoutMs']],
    ['concurrency', '-1', ['registrations[0].concurrency']],
    ['allowedOrigin', '[x]', ['registrations[0].allowedOrigin']],
  ])('names a bad %s (%s) by its path', (name, value, paths) => {
    expect(pathsOf(withMember(name, value)).sort()).toEqual([...paths].sort());
  });

  it('names every problem at once', () => {
    const text = `
registrations:
  - registrationId: one
    provider: foo
    allowedOrigins: []
  - registrationId: one
    provider: twoBa
    clientSecret: \${UNSET}
    scopes: [read]
    allowedOrigins: ['https://api.2ba.nl']
  - registrationId: far
    provider: oidc
    providerOptions: { tokenEndpoint: 'http://auth.example.com/token' }
    clientId: x
    clientSecret: \${UNSET}
    allowedOrigins: ['https://api.example.com', 'http://api.example.com']
`;
    expect(problemsOf(text).sort()).toEqual([
      expect.stringMatching(/^registrations\[0\]\.allowedOrigins: is empty/),
      "registrations[0].provider: unknown provider 'foo', known: twoBa, veeamAhv, veeamVbr, empowerId, oidc.",
      expect.stringMatching(/^registrations\[1\]\.clientId: is missing/),
      'registrations[1].clientSecret: the environment variable UNSET is not set.',
      expect.stringMatching(/^registrations\[1\]\.registrationId: 'one' is configured twice/),
      expect.stringMatching(/^registrations\[1\]\.scopes: is not known here; known: .*scope/),
      expect.stringMatching(/^registrations\[2\]\.allowedOrigins\[1\]: must be an https origin/),
      'registrations[2].clientSecret: the environment variable UNSET is not set.',
      expect.stringMatching(/^registrations\[2\]\.provider: .*https/),
    ]);
  });

  it.each([
    ['registrations: [1, 2', /^REGISTRATIONS_FILE: is not valid YAML at line 1, column \d+ \(/],
    ['registrations:\n  - a: 1\n    a: 2', /at line 3, column 5 \(duplicate key\)\.$/],
    ['registrations: *unknown', /^REGISTRATIONS_FILE: is not valid YAML: an alias/],
    ['', /^REGISTRATIONS_FILE: Invalid input: expected object/],
    ['registrations: none', /^registrations: must be a list/],
    ['registrations: []', /^registrations: is empty/],
    ['registrations: [text]', /^registrations\[0\]: Invalid input: expected object/],
  ])('explains the file %j', (text, expected) => {
    expect(problemsOf(text)).toEqual([expect.stringMatching(expected)]);
  });

  it('names an unknown member at the top and what else is wrong', () => {
    const text = withMember('clientId').replace('registrations:', 'version: 1\nregistrations:');
    expect(pathsOf(text)).toEqual(['version', 'registrations[0].clientId']);
  });

  it('repeats no secret in a problem', () => {
    const secret = 'canary-0123456789abcdef';
    const texts = [
      withMember('clientSecret', `{ value: ${secret} }`),
      withMember(
        'grant',
        `{ type: password, username: [${secret}], password: 1, other: ${secret} }`,
      ),
      withMember('allowedOrigins', `['${secret}']`),
      withMember('providerOptions', `{ tokenEndpoint: '${secret}' }`),
      withMember('http', `{ proxy: '${secret}', timeoutMs: ${secret} }`),
      `registrations:\n  - clientSecret: "${secret}" "${secret}"`,
      `clientSecret: ${secret}\n  bad: : ${secret}`,
      `${secret}: x\n"${secret}`,
    ];
    for (const text of texts) {
      const { problems } = readRegistrations(text, ENVIRONMENT);
      expect(problems).not.toEqual([]);
      expect(inspect(problems, { depth: 10 })).not.toContain(secret);
    }
  });
});
