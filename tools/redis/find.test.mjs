import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';

import { readDependencies } from './debian-packages.mjs';
import { addressWay, firstOf, programWays } from './find.mjs';

/** @typedef {import('./find.mjs').Way} Way */
/** @typedef {import('./index.mjs').RedisProgram} RedisProgram */

/** @param {string} name @param {RedisProgram | string} found @param {string[]} asked @returns {Way} */
const way = (name, found, asked) => ({
  name,
  advice: `do ${name}`,
  look: () => {
    asked.push(name);
    return Promise.resolve(found);
  },
});

const program = { server: '/opt/redis-server', env: {}, from: 'a test', version: '7.0.15' };

/** @param {string} name @param {NodeJS.ProcessEnv} environment */
const look = (name, environment) =>
  programWays(environment)
    .find((each) => each.name === name)
    ?.look();

/** @param {import('node:test').TestContext} context @param {Record<string, string>} scripts @returns {string} a folder for PATH */
function folderWith(context, scripts) {
  const folder = mkdtempSync(join(tmpdir(), 'redis-find-'));
  context.after(() => rmSync(folder, { recursive: true }));
  for (const [name, body] of Object.entries(scripts)) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${body}\n`);
    chmodSync(join(folder, name), 0o755);
  }
  return folder;
}

test('the first way that leads somewhere is taken, and none after it is tried', async () => {
  /** @type {string[]} */
  const asked = [];
  const ways = [way('a', 'nothing', asked), way('b', program, asked), way('c', program, asked)];
  assert.deepEqual(await firstOf(ways), program);
  assert.deepEqual(asked, ['a', 'b']);
});

test('where none does, one error names each with what to do and what is in the way', async () => {
  await assert.rejects(firstOf([way('a', 'broken', []), way('b', 'not set', [])]), {
    message: /no Redis server here.*\n {2}a: do a \(now: broken\)\n {2}b: do b \(now: not set\)$/,
  });
});

test('the ways are tried in this order', () => {
  const names = [addressWay({}), ...programWays({})].map(({ name }) => name);
  assert.deepEqual(names, ['REDIS_URL', 'REDIS_SERVER_BIN', 'PATH', 'packages', 'Docker']);
});

test('REDIS_URL is taken as it is; one that is no Redis address is refused and not repeated', async () => {
  const url = 'redis://:secret@127.0.0.1:7/3';
  assert.deepEqual(await addressWay({ REDIS_URL: url }).look(), { url });
  assert.equal(await addressWay({}).look(), 'not set');
  for (const bad of ['localhost:6379', 'http://:secret@127.0.0.1', 'redis//:secret@x']) {
    await assert.rejects(addressWay({ REDIS_URL: bad }).look(), (/** @type {Error} */ error) => {
      return /REDIS_URL/.test(error.message) && !error.message.includes('secret');
    });
  }
});

test('a REDIS_SERVER_BIN that is no server is an error, not a reason to look further', async (context) => {
  const folder = folderWith(context, { 'redis-server': 'echo hello' });
  const missing = look('REDIS_SERVER_BIN', { REDIS_SERVER_BIN: join(folder, 'none') });
  await assert.rejects(async () => missing, /REDIS_SERVER_BIN: .*none does not run/);
  const other = look('REDIS_SERVER_BIN', { REDIS_SERVER_BIN: join(folder, 'redis-server') });
  await assert.rejects(async () => other, /is no Redis server/);
});

test('PATH may have Valkey; a server that does not run is passed over', async (context) => {
  const folder = folderWith(context, {
    'redis-server': 'echo "no such library" >&2; exit 127',
    'valkey-server': 'echo "Valkey server v=8.1.3 sha=00000000:0"',
    'valkey-cli': '',
  });
  assert.deepEqual(await look('PATH', { PATH: `/nowhere:${folder}` }), {
    server: join(folder, 'valkey-server'),
    cli: join(folder, 'valkey-cli'),
    env: {},
    from: 'PATH',
    version: '8.1.3',
  });
  assert.equal(await look('PATH', { PATH: '/nowhere' }), 'no redis-server, no valkey-server');
});

test('without apt there are no packages, and the ways after it are still tried', async () => {
  assert.match(String(await look('packages', { PATH: '/nowhere' })), /no apt-get/);
  assert.equal(await look('Docker', { PATH: '/nowhere' }), 'no docker in PATH');
});

test('an engine that does not answer is no way', async (context) => {
  const PATH = folderWith(context, { docker: 'echo "Cannot connect to the daemon" >&2; exit 1' });
  assert.equal(await look('Docker', { PATH }), 'docker info: Cannot connect to the daemon');
});

test('an image that cannot be fetched is no way', async (context) => {
  const PATH = folderWith(context, {
    docker: '[ "$1" = info ] || { echo "no route" >&2; exit 1; }',
  });
  assert.equal(await look('Docker', { PATH }), 'docker pull redis:7: no route');
});

test('of packages that replace one another the first is taken', () => {
  const output = `redis-tools
  PreDepends: init-system-helpers
  Depends: libc6
 |Depends: libsystemd0
  Depends: libelogind0
  Depends: <virtual>
    provider
  Depends: liblzf1
  Suggests: ruby-redis
`;
  assert.deepEqual(readDependencies(output), [
    'init-system-helpers',
    'libc6',
    'libsystemd0',
    'liblzf1',
  ]);
});
