import assert from 'node:assert/strict';
import type { RestoreAnswer, Stored, TokenRecord } from '@oauth-token/core';
import {
  baseOf,
  failureOf,
  keyOf,
  LEASE_MS,
  MARGIN_MS,
  type StoreBench,
  type StoreCase,
} from './store-bench.js';

const key = keyOf('a');
const REST_MS = LEASE_MS;

const restore = (
  bench: StoreBench,
  { state }: TokenRecord,
  intentId = bench.intentId(),
): Promise<Stored<RestoreAnswer>> =>
  bench.store.restore(key, { intentId, known: state, restMs: REST_MS });

/** The record as it would be known so many versions on, to a store that has lost those. */
const ahead = (record: TokenRecord, versions: number): TokenRecord => ({
  ...record,
  state: { ...record.state, version: record.state.version + versions },
});

const FORGET_MS = 24 * 3_600_000;

/** Putting back what a store has lost. @internal */
export const RESTORE_CASES: readonly StoreCase[] = [
  {
    name: 'restore: over an earlier version of the same login it puts back tokens and schedule',
    run: async (bench) => {
      const old = await bench.put(key, '1', { facts: await bench.facts('1', { dueAt: 0 }) });
      const { answer, record } = await restore(bench, ahead(old, 3));
      assert.equal(answer.kind, 'restored');
      assert.equal(record.tokens?.accessToken, 'access-1');
      const { state, tokens } = await bench.read(key);
      assert.deepEqual(tokens, old.tokens);
      assert.equal(state.version, old.state.version + 3);
      assert.equal(state.epoch, old.state.epoch);
      assert.ok(state.restUntil !== undefined && state.scheduledAt === state.restUntil);
      await bench.advance(REST_MS + MARGIN_MS);
      assert.deepEqual((await bench.claim()).subjects, ['a']);
    },
  },
  {
    name: 'restore: over an empty record it puts back tokens, siblings and what was answered',
    long: true,
    run: async (bench) => {
      const old = await bench.put(key, '1');
      const intentId = bench.intentId();
      await bench.commit(key, baseOf(old), '2', { intentId });
      await bench.commit(key, baseOf(old), 'late');
      const known = await bench.read(key);
      await bench.store.forget(key, { intentId: bench.intentId(), newEpoch: 'gone' });
      await bench.advance(FORGET_MS + MARGIN_MS);
      assert.equal((await restore(bench, known)).answer.kind, 'restored');
      const { state, tokens } = await bench.read(key);
      assert.equal(tokens?.accessToken, 'access-2');
      assert.equal(state.siblings.length, 1);
      assert.equal(
        (await bench.commit(key, baseOf(old), '2', { intentId })).answer.kind,
        'committed',
      );
      assert.equal((await bench.read(key)).state.version, known.state.version);
    },
  },
  {
    name: 'restore: the same version, a newer one and a later login stay',
    run: async (bench) => {
      const old = await bench.put(key, '1');
      assert.equal((await restore(bench, old)).answer.kind, 'notNewer');
      const newer = await bench.renew(key, old, '2', '1');
      assert.equal((await restore(bench, old)).answer.kind, 'notNewer');
      await bench.put(key, '3');
      const { answer, record } = await restore(bench, ahead(newer, 9));
      assert.equal(answer.kind, 'notNewer');
      assert.equal(record.tokens?.accessToken, 'access-3');
      assert.equal((await bench.read(key)).tokens?.accessToken, 'access-3');
    },
  },
  {
    name: 'restore: repeated by the same intent it repeats its answer and changes nothing',
    run: async (bench) => {
      const old = await bench.put(key, '1');
      const intentId = bench.intentId();
      const first = await restore(bench, ahead(old, 3), intentId);
      const newest = await bench.put(key, '2');
      const again = await restore(bench, ahead(old, 3), intentId);
      assert.deepEqual([first.answer.kind, again.answer.kind], ['restored', 'restored']);
      assert.equal((await bench.read(key)).state.version, newest.state.version);
    },
  },
  {
    name: 'restore: the refresh token rests, a login need not wait, and new tokens end the rest',
    run: async (bench) => {
      const old = await bench.put(key, '1');
      const { record } = await restore(bench, ahead(old, 3));
      const until = record.state.restUntil ?? 0;
      const refused = await bench.begin(key, baseOf(record), '1');
      assert.deepEqual(refused.answer, { kind: 'busy', until });
      const login = { kind: 'login', fingerprint: bench.store.fingerprint('grant') } as const;
      const begun = await bench.begin(key, baseOf(record), '1', login);
      assert.equal(begun.answer.kind, 'ok');
      const change = { intentId: begun.intentId, newEpoch: 'next' };
      const next = await bench.commit(key, baseOf(record), '2', change);
      assert.equal(next.record.state.restUntil, undefined);
      assert.equal((await bench.begin(key, baseOf(next.record), '2')).answer.kind, 'ok');
    },
  },
  {
    name: 'restore: after the rest the refresh token may be sent',
    run: async (bench) => {
      const old = await bench.put(key, '1');
      const { record } = await restore(bench, ahead(old, 3));
      await bench.advance(REST_MS + MARGIN_MS);
      assert.equal((await bench.begin(key, baseOf(record), '1')).answer.kind, 'ok');
    },
  },
  {
    name: 'restore: neither an intent nor a backoff comes back',
    run: async (bench) => {
      const old = await bench.put(key, '1');
      const { intentId } = await bench.begin(key, baseOf(old), '1');
      const now = await bench.store.time();
      const failure = failureOf('transient', now);
      const outcome = { kind: 'backoff', until: now + 60_000, failure } as const;
      const failed = await bench.settle(key, baseOf(old), intentId, outcome);
      await restore(bench, ahead(failed.record, 1));
      assert.equal((await bench.read(key)).state.backoff, undefined);
      const begun = await bench.begin(key, baseOf(await bench.read(key)), '1', {
        kind: 'login',
        fingerprint: 'grant',
      });
      await restore(bench, ahead(begun.record, 1));
      assert.equal((await bench.read(key)).state.intent, undefined);
    },
  },
  {
    name: 'restore: a tombstone comes back over the login that it had ended',
    run: async (bench) => {
      const old = await bench.put(key, '1');
      const gone = await bench.store.forget(key, {
        intentId: bench.intentId(),
        newEpoch: 'gone',
        expectedVersion: old.state.version,
      });
      // As the login stood in an older copy of the store, and went on there.
      const other = keyOf('b');
      const again = await bench.put(other, '1', { newEpoch: old.state.epoch });
      const command = { intentId: bench.intentId(), known: gone.record.state, restMs: REST_MS };
      const { answer, record } = await bench.store.restore(other, command);
      assert.equal(answer.kind, 'restored');
      assert.equal(record.tokens, undefined);
      assert.equal((await bench.read(other)).state.status, 'forgotten');
      assert.ok((await bench.read(other)).state.version > again.state.version);
      assert.equal((await bench.commit(other, baseOf(again), 'late')).answer.kind, 'oldEpoch');
    },
  },
  {
    name: 'restore: a tombstone is put back into an empty record, until its time is over',
    run: async (bench) => {
      await bench.put(key, '1');
      const command = { intentId: bench.intentId(), newEpoch: 'gone' };
      const { record } = await bench.store.forget(key, command);
      const [empty, later] = [keyOf('b'), keyOf('c')];
      const known = record.state;
      const rest = { restMs: REST_MS };
      const put = { intentId: bench.intentId(), known, ...rest };
      assert.equal((await bench.store.restore(empty, put)).answer.kind, 'restored');
      assert.equal((await bench.read(empty)).state.status, 'forgotten');
      const over = { ...known, tombstoneUntil: await bench.store.time() };
      const lapsed = { intentId: bench.intentId(), known: over, ...rest };
      assert.equal((await bench.store.restore(later, lapsed)).answer.kind, 'notNewer');
      assert.equal(await bench.store.read(later), undefined);
    },
  },
  {
    name: 'commit: on a version that the store has lost it is stored, and rests a moment',
    run: async (bench) => {
      const old = await bench.put(key, '1');
      const { version, epoch } = old.state;
      const lost = { version: version + 2, epoch };
      const sentFingerprint = bench.store.fingerprint('refresh-3');
      const { answer, record } = await bench.commit(key, lost, '4', { sentFingerprint });
      assert.equal(answer.kind, 'committed');
      assert.equal(record.state.version, version + 3);
      assert.equal((await bench.read(key)).tokens?.accessToken, 'access-4');
      assert.ok(record.state.spentFingerprints.includes(sentFingerprint));
      assert.ok(record.state.spentFingerprints.includes(bench.store.fingerprint('refresh-1')));
      assert.equal((await bench.begin(key, baseOf(record), '4')).answer.kind, 'busy');
    },
  },
  {
    name: 'commit: into an empty record it is stored in its own epoch, with the seeds it knows',
    run: async (bench) => {
      const base = { version: 6, epoch: 'own' };
      const seedFingerprints = [bench.store.fingerprint('seed')];
      const { answer, record } = await bench.commit(key, base, '7', { seedFingerprints });
      assert.equal(answer.kind, 'committed');
      const { state } = await bench.read(key);
      assert.equal(record.tokens?.accessToken, 'access-7');
      assert.deepEqual([state.version, state.epoch, state.status], [7, 'own', 'active']);
      assert.deepEqual(state.seedFingerprints, seedFingerprints);
    },
  },
  {
    name: 'settle: on a version that the store has lost it is stale',
    run: async (bench) => {
      const { version, epoch } = (await bench.put(key, '1')).state;
      const lost = { version: version + 2, epoch };
      const { answer } = await bench.settle(key, lost, bench.intentId(), { kind: 'notSent' });
      assert.equal(answer.kind, 'stale');
    },
  },
];
