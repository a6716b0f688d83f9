import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';

import { findDocker } from './docker.mjs';
import { findRedisProgram } from './find.mjs';
import { findFreePort } from './ports.mjs';
import { RedisServer } from './redis-server.mjs';

/**
 * A `docker` that has an engine and the image: it runs the server here, and knows it by the container's name.
 *
 * @param {import('./index.mjs').RedisProgram} program
 */
const script = ({ server, env }) => `#!/bin/sh
case $1 in
  run)
    while [ "$1" != redis:7 ]; do [ "$1" = --name ] && name=$2; shift; done
    shift 2
    echo $$ >"$0.$name"
    LD_LIBRARY_PATH='${env['LD_LIBRARY_PATH'] ?? ''}' exec '${server}' "$@" ;;
  kill) kill -s "\${3#SIG}" "$(cat "$0.$4")" ;;
esac
`;

test('a server in a container is started, frozen, killed and stopped through docker', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'redis-docker-'));
  context.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'docker'), script(await findRedisProgram()));
  chmodSync(join(folder, 'docker'), 0o755);
  const program = await findDocker({ PATH: `${folder}:/usr/bin:/bin` });
  assert.ok(typeof program !== 'string');
  assert.equal(program.image, 'redis:7');

  const redis = new RedisServer(program, await findFreePort(), {});
  context.after(() => redis.stop());
  await redis.start();
  await redis.freeze();
  const late = redis.cli('PING');
  await redis.thaw();
  assert.equal(await late, 'PONG');
  await redis.kill();
  await assert.rejects(redis.cli('PING'), { code: 'ECONNREFUSED' });
  await redis.restart();
  assert.equal(await redis.cli('PING'), 'PONG');
  await redis.stop();
  await assert.rejects(redis.cli('PING'), { code: 'ECONNREFUSED' });
});
