import assert from 'node:assert/strict';
import test from 'node:test';

import setUp from './jest-setup.mjs';
import tearDown from './jest-teardown.mjs';
import { sendCommand } from './resp.mjs';
import { startRedis } from './server.mjs';

/** @returns {{ host: string, port: number }} what TEST_REDIS_URL names */
function target() {
  const { hostname, port } = new URL(process.env['TEST_REDIS_URL'] ?? '');
  return { host: hostname, port: Number(port) };
}

test('it starts a server and stops it', async () => {
  delete process.env['REDIS_URL'];
  await setUp();
  assert.equal(await sendCommand(target(), ['PING']), 'PONG');
  await tearDown();
  await assert.rejects(sendCommand(target(), ['PING']), { code: 'ECONNREFUSED' });
});

test('it takes the server of REDIS_URL and leaves it running', async (context) => {
  const theirs = await startRedis({ config: { requirepass: 'p/w' } });
  context.after(() => theirs.stop());
  process.env['REDIS_URL'] = theirs.url;
  await setUp();
  assert.equal(process.env['TEST_REDIS_URL'], theirs.url);
  await tearDown();
  assert.equal(await theirs.cli('PING'), 'PONG');
  await theirs.kill();
  await assert.rejects(setUp(), /REDIS_URL leads to no Redis server: .*ECONNREFUSED/);
});
