import {
  KEYS,
  failOver,
  failStore,
  empty,
  lockFrozen,
  refusing,
  replyLost,
  rollBack,
} from './store-failures.mjs';

/** @typedef {import('./fault-kind.mjs').FaultKind} FaultKind */

/** @type {Pick<FaultKind, 'promised' | 'keys'>} */
const store = { promised: 'safe', keys: KEYS };

/** @type {readonly FaultKind[]} */
export const storeKinds = [
  {
    name: 'redis-kill',
    numbers: '45',
    what: 'Redis is killed between begin and commit, and comes back with everything',
    rig: 'redis',
    ...store,
    inject: (site) => {
      const { server } = site.rig.redis;
      const how = { fail: () => server.kill(), mend: () => server.restart() };
      return failStore(site, 'before-commit', { ...how, forMs: site.between(100, 1_500) });
    },
  },
  {
    name: 'redis-empty',
    numbers: '46',
    what: 'Redis comes back empty',
    rig: 'volatile',
    ...store,
    inject: empty,
  },
  {
    name: 'redis-rollback',
    numbers: '47',
    what: 'Redis comes back with an older snapshot',
    rig: 'volatile',
    ...store,
    inject: rollBack,
  },
  {
    name: 'failover',
    numbers: '48, 49',
    what: 'a failover to a replica that lacks the last commits',
    rig: 'pair',
    ...store,
    inject: failOver,
  },
  {
    name: 'redis-refuses',
    numbers: '50',
    what: 'READONLY, NOREPLICAS, BUSY or LOADING at the commit',
    rig: 'redis',
    ...store,
    inject: refusing,
  },
  {
    name: 'redis-full',
    numbers: '51',
    what: 'OOM at the commit',
    rig: 'redis',
    ...store,
    inject: (site) => {
      const { server } = site.rig.redis;
      const set = (/** @type {string | number} */ value) =>
        server.cli('CONFIG', 'SET', 'maxmemory', value);
      const how = { fail: () => set('1mb'), mend: () => set(0) };
      return failStore(site, 'before-commit', { ...how, forMs: site.between(300, 1_500) });
    },
  },
  {
    name: 'script-flush',
    numbers: '53',
    what: 'Redis forgets its scripts',
    rig: 'redis',
    ...store,
    inject: (site) =>
      failStore(site, site.pick(['before-begin', 'before-commit']), {
        fail: () => site.rig.redis.server.cli('SCRIPT', 'FLUSH'),
      }),
  },
  {
    name: 'redis-frozen',
    numbers: '56',
    what: 'Redis stands still for five seconds',
    rig: 'redis',
    ...store,
    inject: (site) => {
      const { server } = site.rig.redis;
      const how = { fail: () => server.freeze(), mend: () => server.thaw() };
      return failStore(site, site.pick(['before-commit', 'before-begin']), {
        ...how,
        forMs: 5_000,
      });
    },
  },
  {
    name: 'reply-lost',
    numbers: '57',
    what: 'the reply to a begin or a commit is lost, and the command sent again',
    rig: 'processes',
    promised: 'safe',
    inject: replyLost,
  },
  {
    name: 'feed-lost',
    numbers: '58',
    what: 'all subscriptions break',
    rig: 'redis',
    ...store,
    inject: (site) =>
      failStore(site, 'before-commit', {
        fail: () => site.rig.redis.server.cli('CLIENT', 'KILL', 'TYPE', 'pubsub'),
      }),
  },
  {
    name: 'lock-frozen',
    numbers: '60',
    what: "one of three of the lock's instances stands still",
    rig: 'redis',
    ...store,
    inject: lockFrozen,
  },
];
