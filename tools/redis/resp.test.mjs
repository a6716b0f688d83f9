import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import test from 'node:test';

import { RedisReplyError, readReply, sendCommand } from './resp.mjs';

/** @param {string} text */
const read = (text) => readReply(Buffer.from(text));

test('every kind of reply is read', () => {
  assert.deepEqual(read('+OK\r\n'), { value: 'OK', end: 5 });
  assert.deepEqual(read(':-7\r\n'), { value: -7, end: 5 });
  assert.deepEqual(read('$3\r\nté\r\n'), { value: 'té', end: 9 });
  assert.deepEqual(read('$-1\r\n'), { value: null, end: 5 });
  assert.deepEqual(read('*-1\r\n'), { value: null, end: 5 });
  assert.deepEqual(read('*3\r\n:1\r\n*1\r\n$0\r\n\r\n-ERR no\r\n')?.value, [
    1,
    [''],
    new RedisReplyError('ERR no'),
  ]);
});

test('half a reply is none yet', () => {
  const whole = '*2\r\n$2\r\nab\r\n+c\r\n';
  for (let length = 0; length < whole.length; length++) {
    assert.equal(read(whole.slice(0, length)), undefined, `${length} bytes`);
  }
});

test('what is no reply is refused', () => {
  assert.throws(() => read('HTTP/1.1 400\r\n'), /no Redis server/);
});

test('a server that says nothing, or hangs up, is an error', async (context) => {
  const server = createServer((socket) => {
    socket.once('data', (bytes) => (bytes.includes('BYE') ? socket.end() : undefined));
  });
  await new Promise((resolve) =>
    server.listen({ port: 0, host: '127.0.0.1' }, () => resolve(null)),
  );
  context.after(() => server.close());
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const target = { host: '127.0.0.1', port };
  await assert.rejects(sendCommand(target, ['PING'], { timeoutMs: 50 }), /did not answer in time/);
  await assert.rejects(sendCommand(target, ['BYE']), /hung up/);
});
