import assert from 'node:assert/strict';
import type { TokenChange, TokenKey } from '@oauth-token/core';
import {
  baseOf,
  eventually,
  failureOf,
  keyOf,
  LEASE_MS,
  MARGIN_MS,
  type StoreCase,
} from './store-bench.js';

const key = keyOf('a');

/** Every key here is another one; the last two would collide without length prefixes. */
const KEYS: readonly TokenKey[] = [
  { registrationId: 'acme' },
  { registrationId: 'acme', subject: '' },
  { registrationId: 'acme', subject: 'user' },
  { registrationId: 'acme', scope: ['read'] },
  { registrationId: 'acme', scope: ['read', 'write'] },
  { registrationId: 'acme', resource: ['read'] },
  { registrationId: 'acme', subject: 'a:b' },
  { registrationId: 'acme:a', subject: 'b' },
];

/** Ids, sealing, shared values, changes and time. @internal */
export const SEALING_CASES: readonly StoreCase[] = [
  {
    name: 'ids: each parameter of a key counts, and the order of scopes does not',
    run: ({ store }) => {
      const ids = KEYS.map((each) => store.idOf(each));
      assert.equal(new Set(ids).size, KEYS.length);
      const swapped = { registrationId: 'acme', scope: ['write', 'read'] };
      assert.equal(store.idOf(swapped), ids[4]);
      return Promise.resolve();
    },
  },
  {
    name: 'ids and fingerprints: tell nothing of what they are made of',
    run: ({ store }) => {
      const id = store.idOf({ registrationId: 'canary-registration', subject: 'canary-subject' });
      const fingerprint = store.fingerprint('canary-secret');
      assert.doesNotMatch(`${id} ${fingerprint}`, /canary/);
      assert.equal(store.fingerprint('canary-secret'), fingerprint);
      assert.notEqual(store.fingerprint('canary-secret2'), fingerprint);
      for (const text of ['canary-secret', 'fingerprint:canary-secret']) {
        assert.notEqual(store.idOf({ registrationId: text }), fingerprint);
      }
      return Promise.resolve();
    },
  },
  {
    name: 'records: two keys never see each other',
    run: async (bench) => {
      for (const [index, each] of KEYS.entries()) await bench.put(each, `${index}`);
      for (const [index, each] of KEYS.entries()) {
        const { tokens, id } = await bench.read(each);
        assert.equal(tokens?.accessToken, `access-${index}`);
        assert.equal(id, bench.store.idOf(each));
      }
    },
  },
  {
    name: 'seal: opens with its own context alone, and only whole',
    run: ({ store }) => {
      const plain = new TextEncoder().encode('canary-plaintext ü');
      const sealed = store.seal(plain, 'context');
      assert.ok(!Buffer.from(sealed).toString('latin1').includes('canary'));
      assert.deepEqual(Buffer.from(store.open(sealed, 'context')), Buffer.from(plain));
      assert.throws(() => store.open(sealed, 'other'));
      for (const at of [0, sealed.length >> 1, sealed.length - 1]) {
        const bent = Uint8Array.from(sealed);
        bent[at] = (bent[at] ?? 0) ^ 1;
        assert.throws(() => store.open(bent, 'context'), `byte ${at}`);
      }
      assert.throws(() => store.open(sealed.subarray(0, sealed.length - 4), 'context'));
      assert.throws(() => store.open(new Uint8Array(), 'context'));
      return Promise.resolve();
    },
  },
  {
    name: 'shared: is written at the expected version alone, and vanishes after its time',
    run: async ({ store, advance }) => {
      assert.equal(await store.getShared('pause'), undefined);
      assert.equal(await store.casShared('pause', 1, 'x', LEASE_MS), false);
      assert.equal(await store.casShared('pause', 0, 'one', 10_000), true);
      const first = await store.getShared('pause');
      assert.equal(first?.value, 'one');
      assert.equal(await store.casShared('pause', 0, 'x', LEASE_MS), false);
      assert.equal(await store.casShared('pause', first.version, 'two', LEASE_MS), true);
      const second = await store.getShared('pause');
      assert.equal(second?.value, 'two');
      assert.notEqual(second.version, first.version);
      assert.equal(await store.getShared('another'), undefined);
      await advance(LEASE_MS + MARGIN_MS);
      assert.equal(await store.getShared('pause'), undefined);
      assert.equal(await store.casShared('pause', 0, 'three', LEASE_MS), true);
    },
  },
  {
    name: 'shared: of many writes at once one succeeds',
    run: async ({ store }) => {
      const writes = Array.from({ length: 10 }, (_, index) =>
        store.casShared('pause', 0, `${index}`, 10_000),
      );
      assert.equal((await Promise.all(writes)).filter(Boolean).length, 1);
    },
  },
  {
    name: 'changes: each is told with id and version, until the listener leaves',
    run: async (bench) => {
      const changes: TokenChange[] = [];
      const stop = bench.store.subscribe((change) => changes.push(change));
      const first = await bench.put(key, '1');
      const second = await bench.renew(key, first, '2', '1');
      const { intentId } = await bench.begin(key, baseOf(second), '2');
      const now = await bench.store.time();
      const failure = failureOf('transient', now);
      await bench.settle(key, baseOf(second), intentId, { kind: 'backoff', until: now, failure });
      await bench.die(key, second, '2');
      await bench.store.forget(key, { intentId: bench.intentId(), newEpoch: 'x' });
      const kinds = ['login', 'tokens', 'failed', 'dead', 'forgotten'];
      await eventually(() => {
        assert.deepEqual(
          changes.map(({ kind }) => kind),
          kinds,
        );
      });
      assert.deepEqual(
        changes.map(({ version }) => version),
        [1, 2, 2, 2, 3],
      );
      assert.ok(changes.every(({ id }) => id === bench.store.idOf(key)));
      assert.ok(changes.every(({ origin }) => origin === 'local'));
      stop();
      await bench.put(key, '3');
      assert.equal(changes.length, kinds.length);
    },
  },
  {
    name: 'time: goes on',
    run: async ({ store, advance }) => {
      const before = await store.time();
      await advance(LEASE_MS);
      const passed = (await store.time()) - before;
      assert.ok(passed >= LEASE_MS - 1 && passed < LEASE_MS + 5_000, `${passed} ms`);
    },
  },
];
