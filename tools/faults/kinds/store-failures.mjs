import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { injected, meet } from './fault-kind.mjs';

/** @typedef {import('./fault-kind.mjs').Site} Site */
/** @typedef {import('./fault-kind.mjs').FailpointName} FailpointName */
/** @typedef {import('../../redis/index.mjs').RedisProcess} RedisProcess */

/** How many keys are under way when the whole store fails. */
export const KEYS = 3;

/**
 * The store fails while renewals of several workers are held, each somewhere, the first at a place of our choice. They go on
 * when it has failed, and it is mended after that.
 *
 * @param {Site} site
 * @param {FailpointName} name
 * @param {{ fail: () => Promise<unknown>, mend?: () => Promise<unknown>, forMs?: number }} failure
 */
export async function failStore({ rig, worker, keys, pick }, name, { fail, mend, forMs = 0 }) {
  const workers = [worker, ...rig.workers.filter((each) => each !== worker)];
  const met = await Promise.all(
    keys.map((key, index) => {
      const where =
        index === 0 ? name : pick(['after-begin', 'after-response', 'before-commit', name]);
      const one = /** @type {import('./fault-kind.mjs').Worker} */ (
        workers[index % workers.length]
      );
      return meet(one, key, { name: where, action: 'hold' });
    }),
  );
  const failed = fail();
  // What takes the store a while to do meets renewals that go on meanwhile.
  if (forMs > 0) await Promise.race([failed, sleep(forMs)]);
  else await failed;
  await Promise.all(workers.map((each) => each.release()));
  await sleep(forMs);
  await failed;
  await mend?.();
  await Promise.all(met.map(({ done }) => done));
  return injected(met[0]?.reached === true, name);
}

/** @param {Site} site */
export const refusing = (site) => {
  const { server } = site.rig.redis;
  /** @param {string} name @param {string | number} value */
  const set = (name, value) => server.cli('CONFIG', 'SET', name, value);
  const how = site.pick(['readonly', 'noreplicas', 'busy', 'loading']);
  const forMs = site.between(300, 1_500);
  if (how === 'readonly') {
    return failStore(site, 'before-commit', {
      fail: () => server.cli('REPLICAOF', '127.0.0.1', 1),
      mend: () => server.cli('REPLICAOF', 'NO', 'ONE'),
      forMs,
    });
  }
  if (how === 'noreplicas') {
    return failStore(site, 'before-commit', {
      fail: () => set('min-replicas-to-write', 1),
      mend: () => set('min-replicas-to-write', 0),
      forMs,
    });
  }
  if (how === 'busy') return failStore(site, 'before-commit', busy(server, forMs));
  return failStore(site, 'before-commit', {
    fail: async () => {
      await set('key-load-delay', 20_000);
      await server.cli('DEBUG', 'RELOAD').catch(() => undefined);
    },
    mend: () => set('key-load-delay', 0),
    forMs,
  });
};

/** @param {RedisProcess} server @param {number} forMs */
function busy(server, forMs) {
  const script = 'while true do end';
  return {
    fail: async () => {
      await server.cli('CONFIG', 'SET', 'busy-reply-threshold', 20);
      void server.cli('EVAL', script, 0).catch(() => undefined);
    },
    mend: () => server.cli('SCRIPT', 'KILL'),
    forMs,
  };
}

/** @param {Site} site */
export async function replyLost({ worker, keys: [key], pick }) {
  if (key === undefined) return injected(false, 'before-commit');
  const name = pick(['before-commit', 'before-begin']);
  const { reached, done } = await meet(worker, key, { name, action: 'hold' });
  const lost = worker.redisLink.dropNextReply('evalsha').then(() => true);
  await worker.release();
  await done;
  const dropped = await Promise.race([lost, sleep(100).then(() => false)]);
  return injected(reached && dropped, `the reply after ${name}`);
}

/** @param {Site} site */
export async function lockFrozen(site) {
  const server = site.pick(
    /** @type {[RedisProcess, ...RedisProcess[]]} */ ([...site.rig.redis.lockServers]),
  );
  await server.freeze();
  try {
    return await failStore(site, 'after-begin', { fail: () => sleep(10) });
  } finally {
    await server.thaw();
  }
}

/** @param {Site} site */
export async function rollBack(site) {
  const { server } = site.rig.redis;
  await server.cli('SAVE');
  return failStore(site, site.pick(['after-commit', 'before-commit']), {
    fail: () => server.restart(),
  });
}

/** @param {Site} site */
export async function empty(site) {
  const { server } = site.rig.redis;
  const fail = async () => {
    await server.kill();
    await rm(join(server.dir, 'dump.rdb'), { force: true });
    await server.restart();
  };
  return failStore(site, site.pick(['after-commit', 'before-commit']), { fail });
}

/** The replica lacks the commits, or the intents too. @param {Site} site */
export async function failOver(site) {
  const { redis } = site.rig;
  const intentsToo = site.pick([false, true]);
  if (intentsToo) await redis.cutLink?.();
  const fail = async () => {
    if (!intentsToo) await redis.cutLink?.();
    // Whoever is at a commit makes it where it will be lost.
    await site.worker.release();
    await sleep(30);
    await redis.failOver?.();
  };
  const where = site.pick(['after-response', 'before-commit', 'after-commit']);
  return failStore(site, where, { fail, mend: async () => redis.rejoin?.() });
}
