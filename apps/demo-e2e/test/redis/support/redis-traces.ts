import type { Redis } from 'ioredis';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RedisProcess } from '../../../../../tools/redis/index.mjs';
import { holdsCanary } from '../../support/canary.js';

/** Whether bytes hold a canary, wherever in them: as they are, in base64, or as the bytes that base64 stands for. */
export function bytesHoldCanary(bytes: Buffer): boolean {
  return (
    holdsCanary(bytes.toString('latin1')) ||
    [0, 1, 2].some((start) => holdsCanary(bytes.toString('base64url', start)))
  );
}

/** All names and values in Redis: what each key is made of. */
export async function everythingIn(client: Redis): Promise<Map<string, readonly Buffer[]>> {
  const found = new Map<string, readonly Buffer[]>();
  for (const key of await client.keys('*')) {
    found.set(key, [Buffer.from(key), ...(await partsOf(client, key))]);
  }
  return found;
}

async function partsOf(client: Redis, key: string): Promise<readonly Buffer[]> {
  switch (await client.type(key)) {
    case 'hash':
      return Object.values(await client.hgetallBuffer(key));
    case 'zset':
      return (await client.callBuffer('ZRANGE', key, '0', '-1')) as Buffer[];
    case 'list':
      return client.lrangeBuffer(key, 0, -1);
    default:
      return [(await client.getBuffer(key)) ?? Buffer.alloc(0)];
  }
}

/** The file that Redis writes of all it has. */
export async function dumpOf(server: RedisProcess): Promise<Buffer> {
  await server.cli('SAVE');
  return readFile(join(server.dir, 'dump.rdb'));
}

/** The arguments of every command that a server gets from now on. */
export async function watchCommands(
  client: Redis,
): Promise<{ readonly seen: Buffer[]; stop(): void }> {
  const monitor = await client.monitor();
  const seen: Buffer[] = [];
  monitor.on('monitor', (_time: string, args: readonly string[]) => {
    seen.push(...args.map(unescaped));
  });
  return {
    seen,
    stop: () => {
      monitor.disconnect();
    },
  };
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', a: '\x07', b: '\b' };

/** MONITOR tells bytes as in a text of C. */
function unescaped(text: string): Buffer {
  const bytes = text.replaceAll(/\\(x[0-9a-f]{2}|.)/g, (_, code: string) =>
    code.length === 3
      ? String.fromCharCode(Number.parseInt(code.slice(1), 16))
      : (ESCAPES[code] ?? code),
  );
  return Buffer.from(bytes, 'latin1');
}
