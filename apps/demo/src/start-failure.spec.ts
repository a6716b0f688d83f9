import { ConfigurationError } from '@oauth-token/core';
import { createServer, type Server } from 'node:net';
import { addressOf } from './net/address.js';
import { portProblems } from './net/port-problems.js';
import { loadConfiguration } from './settings/demo-configuration.js';
import { readSettings } from './settings/settings.js';
import { describeStartFailure } from './start-failure.js';

const failureOf = (action: () => unknown): unknown => {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error('It did not fail.');
};

describe('a start that fails', () => {
  it('names every problem of the settings and of the file, and no stack', () => {
    const error = failureOf(() =>
      loadConfiguration({ PORT: 'x', REFRESH_CRON: 'x', REGISTRATIONS_FILE: '/none/such.yaml' }),
    );
    const lines = describeStartFailure(error).split('\n');
    expect(lines[0]).toBe('The demo did not start, its settings have 3 problems:');
    expect(lines.slice(1, -1).map((line) => line.split(':')[0])).toEqual([
      '  PORT',
      '  REFRESH_CRON',
      '  REGISTRATIONS_FILE',
    ]);
    expect(lines[3]).toContain('/none/such.yaml cannot be read (ENOENT)');
  });

  it('tells a surprise by its message alone', () => {
    expect(describeStartFailure(new Error('why'))).toBe('The demo did not start: why\n');
  });
});

describe('portProblems', () => {
  const servers: Server[] = [];

  const takenPort = async (): Promise<number> => {
    const server = createServer();
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return addressOf(server).port;
  };

  afterEach(async () => {
    for (const server of servers.splice(0)) {
      await new Promise((resolve) => server.close(resolve));
    }
  });

  it('names each port that is taken with the variable to set', async () => {
    const [http, tcp] = [await takenPort(), await takenPort()];
    const { settings } = readSettings({ PORT: String(http), TCP_PORT: String(tcp) });
    const problems = await portProblems(settings);
    expect(describeStartFailure(new ConfigurationError(problems))).toBe(
      'The demo did not start, its settings have 2 problems:\n' +
        `  PORT: port ${http} of 127.0.0.1, for HTTP, is taken. Set PORT to a free one.\n` +
        `  TCP_PORT: port ${tcp} of 127.0.0.1, for the TCP microservice, is taken. Set TCP_PORT to a free one.\n`,
    );
  });

  it('names a host that is not of this machine once', async () => {
    // TEST-NET-1 (RFC 5737): nobody's address.
    const { settings } = readSettings({
      HOST: '192.0.2.1',
      API_KEY: 'k',
      PORT: '0',
      TCP_PORT: '0',
    });
    expect(await portProblems(settings)).toEqual([
      { path: 'HOST', message: expect.stringContaining('192.0.2.1') as string },
    ]);
  });

  it('finds nothing wrong with free ports', async () => {
    const { settings } = readSettings({ PORT: '0', TCP_PORT: '0' });
    expect(await portProblems(settings)).toEqual([]);
  });
});
