import assert from 'node:assert/strict';
import { baseOf, keyOf, NOTHING, type StoreBench, type StoreCase } from './store-bench.js';

const key = keyOf('a');

const forget = (bench: StoreBench, intentId = bench.intentId(), newEpoch = 'gone') =>
  bench.store.forget(key, { intentId, newEpoch });

/** Logins from outside, logouts and uses. @internal */
export const PUT_CASES: readonly StoreCase[] = [
  {
    name: 'put: a login wins over everything under way',
    run: async (bench) => {
      const old = await bench.put(key, '1');
      const newer = await bench.renew(key, old, '2', '1');
      await bench.commit(key, baseOf(old), 'late');
      await bench.begin(key, baseOf(newer), '2');
      const { state, tokens } = await bench.put(key, '3');
      assert.equal(tokens?.accessToken, 'access-3');
      assert.equal(state.version, newer.state.version + 1);
      assert.equal(state.epoch, 'epoch-3');
      assert.equal(state.intent, undefined);
      assert.deepEqual(state.siblings, []);
    },
  },
  {
    name: 'put: repeated by the same intent it changes nothing',
    run: async (bench) => {
      const intentId = bench.intentId();
      const first = await bench.put(key, '1', { intentId });
      const newer = await bench.renew(key, first, '2', '1');
      const again = await bench.put(key, '1', { intentId });
      assert.equal(again.state.version, newer.state.version);
      assert.equal(again.tokens?.accessToken, 'access-2');
    },
  },
  {
    name: 'put: with an expected version it keeps off a record that has moved',
    run: async (bench) => {
      await bench.put(key, '1', { expectedVersion: 0 });
      const facts = await bench.facts('2');
      const { answer, record } = await bench.store.put(key, {
        intentId: bench.intentId(),
        expectedVersion: 0,
        newEpoch: 'epoch-2',
        body: { key, tokens: bench.tokens('2', facts) },
        facts,
        keepFresh: true,
        reason: 'login',
      });
      assert.equal(answer.kind, 'conflict');
      assert.equal(record.tokens?.accessToken, 'access-1');
      assert.equal((await bench.put(key, '3', { expectedVersion: 1 })).state.version, 2);
    },
  },
  {
    name: 'put: a login clears a dead record',
    run: async (bench) => {
      const record = await bench.put(key, '1');
      await bench.die(key, record, '1');
      const { state } = await bench.put(key, '2');
      assert.equal(state.status, 'active');
      assert.equal(state.deadFingerprint, undefined);
      assert.equal(state.failure, undefined);
      assert.equal(state.scheduledAt, state.facts?.dueAt);
    },
  },
  {
    name: 'put: the same seed is never planted twice, not even after a logout; another one is',
    run: async (bench) => {
      const seeded = await bench.put(key, 'seed', { seed: true });
      assert.deepEqual(seeded.state.seedFingerprints, [bench.store.fingerprint('refresh-seed')]);
      const newer = await bench.renew(key, seeded, '2', 'seed');
      const again = await bench.put(key, 'seed', { seed: true, newEpoch: 'again' });
      assert.equal(again.state.version, newer.state.version);
      assert.equal(again.tokens?.refreshToken, 'refresh-2');
      await forget(bench);
      const afterLogout = await bench.put(key, 'seed', { seed: true, newEpoch: 'once more' });
      assert.equal(afterLogout.tokens, undefined);
      const other = await bench.put(key, 'other', { seed: true });
      assert.equal(other.tokens?.refreshToken, 'refresh-other');
      const first = await bench.put(key, 'seed', { seed: true, newEpoch: 'a third time' });
      assert.equal(first.tokens?.refreshToken, 'refresh-other');
    },
  },
  {
    name: 'forget: leaves a tombstone without secrets, one version on, in a new epoch',
    run: async (bench) => {
      const old = await bench.put(key, '1');
      const { answer } = await forget(bench);
      assert.equal(answer.kind, 'forgotten');
      const { state, tokens } = await bench.read(key);
      assert.equal(tokens, undefined);
      assert.equal(state.status, 'forgotten');
      assert.equal(state.version, old.state.version + 1);
      assert.equal(state.epoch, 'gone');
      assert.equal(state.scheduledAt, Infinity);
      assert.doesNotMatch(JSON.stringify(state), /access-1|refresh-1/);
    },
  },
  {
    name: 'forget: repeated by the same intent it changes nothing',
    run: async (bench) => {
      await bench.put(key, '1');
      const intentId = bench.intentId();
      const first = await forget(bench, intentId);
      const again = await forget(bench, intentId, 'another');
      assert.equal(again.record.state.version, first.record.state.version);
      assert.equal(again.record.state.epoch, 'gone');
    },
  },
  {
    name: 'forget: reaches a first login that is under way',
    run: async (bench) => {
      const { intentId } = await bench.begin(key, NOTHING, '1', { kind: 'login' });
      await forget(bench);
      const { answer } = await bench.commit(key, NOTHING, '1', { intentId, newEpoch: 'late' });
      assert.equal(answer.kind, 'oldEpoch');
      assert.equal((await bench.read(key)).tokens, undefined);
    },
  },
  {
    name: 'forget: a later login goes on from the tombstone',
    run: async (bench) => {
      await bench.put(key, '1');
      const { record } = await forget(bench);
      const begun = await bench.begin(key, baseOf(record), '2', { kind: 'login' });
      assert.equal(begun.answer.kind, 'ok');
      const change = { intentId: begun.intentId, newEpoch: 'new' };
      const { record: back } = await bench.commit(key, baseOf(record), '2', change);
      assert.equal(back.state.status, 'active');
      assert.equal(back.state.version, record.state.version + 1);
      assert.equal(back.tokens?.accessToken, 'access-2');
    },
  },
  {
    name: 'forget: the tombstone stays for a day and then goes',
    long: true,
    run: async (bench) => {
      await bench.put(key, '1');
      await forget(bench);
      await bench.advance(24 * 3_600_000 - 60_000);
      assert.equal((await bench.read(key)).state.status, 'forgotten');
      await bench.advance(120_000);
      const record = await bench.store.read(key);
      assert.ok(record === undefined || record.state.status === 'empty');
      assert.equal((await bench.begin(key, NOTHING, '1')).answer.kind, 'ok');
    },
  },
  {
    name: 'touch: notes the latest use, and changes neither version nor tokens',
    run: async (bench) => {
      const record = await bench.put(key, '1');
      await bench.store.touch(key, { usedAt: 2_000 });
      await bench.store.touch(key, { usedAt: 1_000 });
      const { state, tokens } = await bench.read(key);
      assert.equal(state.usedAt, 2_000);
      assert.equal(state.version, record.state.version);
      assert.deepEqual(tokens, record.tokens);
    },
  },
  {
    name: 'touch: parks an idle record, and a use brings it back on schedule',
    run: async (bench) => {
      const record = await bench.put(key, '1');
      const parkUntil = (await bench.store.time()) + 1e9;
      await bench.store.touch(key, { parkUntil });
      assert.equal((await bench.read(key)).state.scheduledAt, parkUntil);
      await bench.store.touch(key, { usedAt: await bench.store.time() });
      assert.equal((await bench.read(key)).state.scheduledAt, record.state.facts?.dueAt);
    },
  },
  {
    name: 'touch: of a key that nothing was written for does nothing',
    run: async (bench) => {
      await bench.store.touch(key, { usedAt: 1 });
      assert.equal(await bench.store.read(key), undefined);
    },
  },
];
