import { readSettings, SettingsError } from './settings.js';

describe('readSettings', () => {
  it('has defaults, also for what is empty', () => {
    expect(readSettings({})).toEqual({ host: '127.0.0.1', port: 4000 });
    expect(readSettings({ SANDBOX_PORT: '', HOST: '' })).toEqual({ host: '127.0.0.1', port: 4000 });
  });

  it('reads port and host, and leaves the rest of the environment alone', () => {
    const environment = { SANDBOX_PORT: '0', HOST: '::1', PATH: '/bin' };
    expect(readSettings(environment)).toEqual({ host: '::1', port: 0 });
  });

  it.each(['abc', '-1', '70000', '4000.5', '0x10', ' 4000'])('refuses the port %j', (port) => {
    expect(() => readSettings({ SANDBOX_PORT: port })).toThrow(/SANDBOX_PORT: must be a port/);
  });

  it('names every problem at once', () => {
    const read = (): unknown => readSettings({ SANDBOX_PORT: 'abc', HOST: 'http://x/' });
    expect(read).toThrow(SettingsError);
    expect(read).toThrow(/SANDBOX_PORT:.*\n.*HOST:/);
  });
});
