import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';

import { sendCommand } from './resp.mjs';
import { startRedis } from './server.mjs';
import { until } from './until.mjs';

/** @typedef {import('node:test').TestContext} TestContext */

/** @param {TestContext} context @param {import('./index.mjs').RedisOptions} [options] */
async function start(context, options) {
  const redis = await startRedis(options);
  context.after(() => redis.stop());
  return redis;
}

test('it answers on 127.0.0.1, keeps nothing, and leaves nothing', async () => {
  const redis = await startRedis();
  assert.equal(await redis.cli('SET', 'name', 'valué 1'), 'OK');
  assert.equal(await redis.cli('GET', 'name'), 'valué 1');
  assert.deepEqual(await redis.cli('CONFIG', 'GET', 'bind'), ['bind', '127.0.0.1']);
  assert.deepEqual(await redis.cli('CONFIG', 'GET', 'save'), ['save', '']);
  assert.deepEqual(await redis.cli('CONFIG', 'GET', 'appendonly'), ['appendonly', 'no']);
  await assert.rejects(redis.cli('INCR', 'name'), { name: 'RedisReplyError', message: /integer/ });
  await redis.stop();
  assert.equal(redis.running, false);
  assert.throws(() => process.kill(redis.pid, 0), { code: 'ESRCH' });
  assert.equal(existsSync(dirname(redis.dir)), false);
  await redis.stop();
});

test('its configuration is what was asked for, password and users too', async (context) => {
  const redis = await start(context, {
    config: {
      requirepass: 'p:w/',
      maxmemory: 4_000_000,
      user: ['reader on >one ~a* +get', 'writer on >two ~b* +set'],
    },
  });
  assert.equal(redis.url, `redis://:p%3Aw%2F@127.0.0.1:${redis.port}`);
  assert.deepEqual(await redis.cli('CONFIG', 'GET', 'maxmemory'), ['maxmemory', '4000000']);
  assert.deepEqual(await redis.cli('ACL', 'USERS'), ['default', 'reader', 'writer']);
});

test('a server that talks to no stranger is ready too', async (context) => {
  const redis = await start(context, { config: { user: 'default off' } });
  await assert.rejects(redis.cli('PING'), /NOAUTH/);
});

test('what it logged says why it did not start', async () => {
  await assert.rejects(startRedis({ config: { 'no-such-setting': 1 } }), {
    message: /did not start[^]*no-such-setting|ended at once[^]*no-such-setting/,
  });
});

test('a port that was asked for and is taken is an error', async (context) => {
  const squatter = createServer();
  await new Promise((resolve) => squatter.listen({ port: 0, host: '127.0.0.1' }, () => resolve(0)));
  context.after(() => squatter.close());
  const address = squatter.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  await assert.rejects(startRedis({ port }), /ended at once[^]*already in use/);
  const first = await start(context);
  await assert.rejects(startRedis({ port: first.port }), /already in use/);
});

test('it is killed, and started again on its port, with its data where they were kept', async (context) => {
  const dir = mkdtempSync(join(tmpdir(), 'redis-dir-'));
  context.after(() => rmSync(dir, { recursive: true }));
  const redis = await start(context, {
    dir,
    config: { appendonly: 'yes', appendfsync: 'always' },
  });
  await redis.cli('SET', 'kept', 1);
  const { pid } = redis;
  await redis.kill();
  assert.equal(redis.running, false);
  await assert.rejects(redis.cli('PING'), { code: 'ECONNREFUSED' });
  await redis.restart();
  assert.equal(await redis.cli('GET', 'kept'), '1');
  assert.notEqual(redis.pid, pid);
  await redis.stop();
  assert.ok(existsSync(dir), 'the folder is the caller’s');
});

test('a frozen one answers when it is thawed, and can be stopped', async (context) => {
  const redis = await start(context);
  await redis.freeze();
  let answered = false;
  const answer = redis.cli('PING').then((reply) => {
    answered = true;
    return reply;
  });
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal(answered, false);
  await redis.thaw();
  assert.equal(await answer, 'PONG');
  await redis.freeze();
  await redis.stop();
});

/** @param {TestContext} context @param {NodeJS.Signals | 'exit'} end */
async function orphan(context, end) {
  const url = new URL('./server.mjs', import.meta.url);
  const last =
    end === 'exit' ? 'process.exit(0)' : 'await new Promise((r) => setTimeout(r, 60000))';
  const code = `const { startRedis } = await import('${url}');
    const r = await startRedis(); console.log([r.port, r.dir].join(' ')); ${last}`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code]);
  context.after(() => child.kill('SIGKILL'));
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
  await until('a server', async () => /\n/.test(output));
  const [port, dir] = output.trim().split(' ');
  if (end !== 'exit') child.kill(end);
  return { target: { host: '127.0.0.1', port: Number(port) }, folder: dirname(String(dir)) };
}

for (const end of /** @type {const} */ (['SIGKILL', 'SIGTERM', 'exit'])) {
  test(`it ends with whoever started it: ${end}`, async (context) => {
    const { target, folder } = await orphan(context, end);
    await until('the end of the server and its folder', async () => {
      await assert.rejects(sendCommand(target, ['PING']), { code: 'ECONNREFUSED' });
      return !existsSync(folder);
    });
  });
}

test('npm run redis: one in the foreground until Ctrl-C', async () => {
  const script = fileURLToPath(new URL('./run.mjs', import.meta.url));
  const child = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
  /** @type {Promise<number | null>} */
  const ended = new Promise((resolve) => child.once('exit', resolve));
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
  await until('its URL', async () => /^redis:\/\/127\.0\.0\.1:\d+ /.test(output));
  child.kill('SIGINT');
  assert.equal(await ended, 0);
});
