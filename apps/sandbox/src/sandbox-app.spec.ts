import { describeSandbox, startSandbox, StartError } from './sandbox-app.js';

describe('startSandbox', () => {
  it('listens, and tells its URLs', async () => {
    const sandbox = await startSandbox({ host: '127.0.0.1', port: 0 });
    try {
      const text = describeSandbox(sandbox.url).join('\n');
      for (const path of [
        '/2ba/OAuth/Token',
        '/2ba/connect/token',
        '/veeam/api/oauth2/token',
        '/empowerid/oauth/v2/token',
        '/oidc/token',
        '/oidc/.well-known/openid-configuration',
        '/_sandbox/ledger',
      ]) {
        expect(text).toContain(`${sandbox.url}${path}`);
      }
      expect((await fetch(`${sandbox.url}/_sandbox/health`)).status).toBe(200);
    } finally {
      await sandbox.stop();
    }
  });

  it('names a port that is taken', async () => {
    const first = await startSandbox({ host: '127.0.0.1', port: 0 });
    try {
      const second = startSandbox({ host: '127.0.0.1', port: first.port });
      await expect(second).rejects.toThrow(StartError);
      const again = startSandbox({ host: '127.0.0.1', port: first.port });
      await expect(again).rejects.toThrow(
        new RegExp(`Port ${first.port} on 127.0.0.1 is taken.*SANDBOX_PORT`),
      );
    } finally {
      await first.stop();
    }
  });

  it('names an address that this machine does not have', async () => {
    await expect(startSandbox({ host: '192.0.2.1', port: 0 })).rejects.toThrow(
      /192\.0\.2\.1.*HOST/,
    );
  });
});
