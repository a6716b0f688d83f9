import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';

import { sendCommand } from './resp.mjs';
import { startRedis } from './server.mjs';
import { startProxy } from './tcp-proxy.mjs';
import { until } from './until.mjs';

/** @type {import('./index.mjs').RedisProcess} */
let redis;
before(async () => {
  redis = await startRedis();
});
after(() => redis.stop());

/** @param {import('node:test').TestContext} context */
async function startLink(context) {
  const proxy = await startProxy(redis);
  context.after(() => proxy.stop());
  return { proxy, send: (/** @type {string[]} */ ...command) => sendCommand(proxy, command) };
}

/** @param {import('./index.mjs').TcpProxy} proxy */
async function connection(proxy) {
  const socket = connect({ host: proxy.host, port: proxy.port });
  socket.setEncoding('utf8');
  /** @type {Promise<string>} */
  const closed = new Promise((resolve) => {
    socket.on('error', (error) => resolve('code' in error ? String(error.code) : error.message));
    socket.on('close', () => resolve('closed'));
  });
  let received = '';
  socket.on('data', (text) => (received += text));
  await new Promise((resolve) => socket.once('connect', resolve));
  return { socket, closed, received: () => received };
}

test('it passes on what is said, and counts who is connected', async (context) => {
  const { proxy, send } = await startLink(context);
  assert.equal(await send('PING'), 'PONG');
  assert.equal(proxy.url, `redis://127.0.0.1:${proxy.port}`);
  const { socket, received } = await connection(proxy);
  await until('one connection', async () => proxy.connections === 1);
  socket.write('PING\r\n');
  await until('the answer', async () => received() === '+PONG\r\n');
  socket.end();
  await until('no connection', async () => proxy.connections === 0);
});

test('cut, it resets and refuses; restored, it is as before', async (context) => {
  const { proxy, send } = await startLink(context);
  const { closed } = await connection(proxy);
  await until('one connection', async () => proxy.connections === 1);
  await proxy.cut();
  assert.equal(await closed, 'ECONNRESET');
  await assert.rejects(send('PING'), { code: 'ECONNREFUSED' });
  await proxy.restore();
  assert.equal(await send('PING'), 'PONG');
});

test('delayed answers come late and in order', async (context) => {
  const { proxy } = await startLink(context);
  const { socket, received } = await connection(proxy);
  proxy.delay(150);
  const start = performance.now();
  socket.write('ECHO 1\r\n');
  socket.write('ECHO 2\r\n');
  await until('both answers', async () => received().endsWith('2\r\n'));
  assert.ok(performance.now() - start >= 145);
  assert.equal(received(), '$1\r\n1\r\n$1\r\n2\r\n');
  socket.destroy();
});

test('what is swallowed never comes, and the connection that lost it is reset', async (context) => {
  const { proxy, send } = await startLink(context);
  const { socket, closed, received } = await connection(proxy);
  proxy.swallow(true);
  socket.write('SET swallowed 1\r\n');
  const late = sendCommand(proxy, ['PING'], { timeoutMs: 100 });
  await assert.rejects(late, /did not answer in time/);
  assert.equal(received(), '');
  proxy.swallow(false);
  assert.equal(await closed, 'ECONNRESET');
  assert.equal(await redis.cli('EXISTS', 'swallowed'), 0);
  assert.equal(await send('PING'), 'PONG');
});

test('a dropped reply: the work is done, and the client cannot know', async (context) => {
  const { proxy, send } = await startLink(context);
  const dropped = proxy.dropNextReply();
  await assert.rejects(send('INCR', 'count'));
  await dropped;
  assert.equal(await send('GET', 'count'), '1');
});

test('a reply to one request alone can be dropped', async (context) => {
  const { proxy, send } = await startLink(context);
  const dropped = proxy.dropNextReply('INCR');
  assert.equal(await send('PING'), 'PONG');
  await assert.rejects(send('INCR', 'other'));
  await dropped;
  assert.equal(await send('GET', 'other'), '1');
});
