import { readSettings, type Settings } from './settings.js';

const pathsOf = (environment: NodeJS.ProcessEnv): string[] =>
  readSettings(environment).problems.map(({ path }) => path);

describe('readSettings', () => {
  it('has a default for everything', () => {
    const { settings, problems } = readSettings({});
    expect(problems).toEqual([]);
    expect(settings).toMatchObject({
      host: '127.0.0.1',
      httpPort: 3000,
      tcpPort: 3001,
      sandboxUrl: 'http://127.0.0.1:4000',
      logLevels: ['log', 'warn', 'error', 'fatal'],
      withoutEffect: [],
    });
    expect(settings.registrationsFile).toMatch(/\/apps\/demo\/config\/registrations\.yaml$/);
    expect(settings).not.toHaveProperty('apiKey');
  });

  it.each<[NodeJS.ProcessEnv, Partial<Settings>]>([
    [
      { PORT: '8080', TCP_PORT: '0' },
      { httpPort: 8080, tcpPort: 0 },
    ],
    [
      { PORT: '0', TCP_PORT: '0' },
      { httpPort: 0, tcpPort: 0 },
    ],
    [{ PORT: '', LOG_LEVEL: '' }, { httpPort: 3000 }],
    [{ LOG_LEVEL: 'error' }, { logLevels: ['error', 'fatal'] }],
    [{ LOG_LEVEL: 'info' }, { logLevels: ['log', 'warn', 'error', 'fatal'] }],
    [{ SANDBOX_URL: 'http://LOCALHOST:4100/' }, { sandboxUrl: 'http://localhost:4100' }],
    [{ REFRESH_CRON: '*/2 * * * * *' }, { refreshCron: '*/2 * * * * *' }],
    [
      { HOST: '0.0.0.0', API_KEY: 'key' },
      { host: '0.0.0.0', apiKey: 'key' },
    ],
    [{ HOST: '::1' }, { host: '::1' }],
    [{ TOKEN_KEYS: 'k:x', SPILL_DIR: '/x' }, { withoutEffect: ['TOKEN_KEYS', 'SPILL_DIR'] }],
    [
      { REDIS_URL: 'redis://a', INSECURE_PLAINTEXT: 'true', KEY_PREFIX: 'x', SPILL_DIR: '/x' },
      { store: { urls: ['redis://a'], prefix: 'x', spillDirectory: '/x' }, withoutEffect: [] },
    ],
  ])('reads %j', (environment, expected) => {
    const { settings, problems } = readSettings(environment);
    expect(problems).toEqual([]);
    expect(settings).toMatchObject(expected);
  });

  it.each<[NodeJS.ProcessEnv, string[]]>([
    [{ PORT: '65536' }, ['PORT']],
    [{ PORT: '3e3' }, ['PORT']],
    [{ PORT: '-1', TCP_PORT: 'abc' }, ['PORT', 'TCP_PORT']],
    [{ PORT: '3001' }, ['TCP_PORT']],
    [{ PORT: 'abc', TCP_PORT: 'abc' }, ['PORT', 'TCP_PORT']],
    [{ HOST: 'no host' }, ['HOST']],
    [{ HOST: '0.0.0.0' }, ['API_KEY']],
    [{ HOST: 'demo.example.com', PORT: 'x' }, ['PORT', 'API_KEY']],
    [{ API_KEY: 'two words' }, ['API_KEY']],
    [{ HOST: '0.0.0.0', API_KEY: 'two words' }, ['API_KEY']],
    [{ SANDBOX_URL: 'http://127.0.0.1:4000/path' }, ['SANDBOX_URL']],
    [{ SANDBOX_URL: '127.0.0.1:4000' }, ['SANDBOX_URL']],
    [{ REFRESH_CRON: 'every day' }, ['REFRESH_CRON']],
    [{ LOG_LEVEL: 'loud' }, ['LOG_LEVEL']],
    [{ INSECURE_PLAINTEXT: 'perhaps' }, ['INSECURE_PLAINTEXT']],
    [{ REDIS_URL: 'nowhere', PORT: 'x' }, ['PORT', 'REDIS_URL', 'TOKEN_KEYS']],
  ])('names what is wrong with %j', (environment, paths) => {
    expect(pathsOf(environment).sort()).toEqual([...paths].sort());
  });

  it('falls back to the default where a variable is wrong, so that the rest can be judged', () => {
    const { settings } = readSettings({ SANDBOX_URL: 'nowhere', PORT: '3001' });
    expect(settings).toMatchObject({ sandboxUrl: 'http://127.0.0.1:4000' });
  });
});
