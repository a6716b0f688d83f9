import assert from 'node:assert/strict';
import {
  baseOf,
  failureOf,
  keyOf,
  LEASE_MS,
  MARGIN_MS,
  NOTHING,
  type StoreCase,
  TAKEOVER_MS,
} from './store-bench.js';

const key = keyOf('a');

/** Announcing a token request. @internal */
export const BEGIN_CASES: readonly StoreCase[] = [
  {
    name: 'begin: a key that nothing was written for gets an intent and no version',
    run: async (bench) => {
      const { answer, record, intentId } = await bench.begin(key, NOTHING, '1');
      assert.deepEqual(answer, { kind: 'ok', orphan: false });
      for (const { state, tokens, key: whose } of [record, await bench.read(key)]) {
        assert.equal(state.version, 0);
        assert.equal(tokens, undefined);
        assert.deepEqual(whose, key);
        assert.equal(state.intent?.intentId, intentId);
        assert.equal(state.intent.owner, 'process-1');
        assert.equal(state.intent.fingerprint, bench.store.fingerprint('refresh-1'));
        assert.equal(state.intent.leaseUntil, state.intent.since + LEASE_MS);
        assert.equal(state.intent.takeoverAt, state.intent.leaseUntil + TAKEOVER_MS);
      }
    },
  },
  {
    name: 'begin: repeated by the same intent it is ok again, and its lease is not longer for it',
    run: async (bench) => {
      const first = await bench.begin(key, NOTHING, '1');
      await bench.advance(MARGIN_MS);
      const second = await bench.begin(key, NOTHING, '1', { intentId: first.intentId });
      assert.deepEqual(second.answer, { kind: 'ok', orphan: false });
      assert.deepEqual(second.record.state.intent, first.record.state.intent);
    },
  },
  {
    name: 'begin: an older version is stale, and the newer record comes back',
    run: async (bench) => {
      const old = await bench.put(key, '1');
      await bench.renew(key, old, '2', '1');
      const { answer, record } = await bench.begin(key, baseOf(old), '1');
      assert.equal(answer.kind, 'stale');
      assert.equal(record.tokens?.accessToken, 'access-2');
      assert.equal(record.state.intent, undefined);
    },
  },
  {
    name: 'begin: the same version of another login is stale',
    run: async (bench) => {
      const { state } = await bench.put(key, '1');
      const base = { version: state.version, epoch: 'another' };
      assert.equal((await bench.begin(key, base, '1')).answer.kind, 'stale');
    },
  },
  {
    name: 'begin: of many at once one may send and the others are told until when it is busy',
    run: async (bench) => {
      const base = baseOf(await bench.put(key, '1'));
      const tries = Array.from({ length: 20 }, () => bench.begin(key, base, '1'));
      const answers = (await Promise.all(tries)).map(({ answer }) => answer);
      assert.equal(answers.filter(({ kind }) => kind === 'ok').length, 1);
      const now = await bench.store.time();
      for (const answer of answers.filter(({ kind }) => kind !== 'ok')) {
        assert.ok(answer.kind === 'busy' && answer.until > now);
      }
    },
  },
  {
    name: 'begin: an orphaned refresh is left alone beyond its lease, until its takeover',
    run: async (bench) => {
      const base = baseOf(await bench.put(key, '1'));
      const { record } = await bench.begin(key, base, '1');
      await bench.advance(LEASE_MS + MARGIN_MS);
      const early = (await bench.begin(key, base, '1')).answer;
      assert.deepEqual(early, { kind: 'busy', until: record.state.intent?.takeoverAt });
      await bench.advance(TAKEOVER_MS);
      const late = await bench.begin(key, base, '1');
      assert.deepEqual(late.answer, { kind: 'ok', orphan: true });
      assert.equal(late.record.state.intent?.intentId, late.intentId);
    },
  },
  {
    name: 'begin: a login resolves an orphaned refresh once the lease is over, and not before',
    run: async (bench) => {
      const base = baseOf(await bench.put(key, '1'));
      await bench.begin(key, base, '1');
      const login = { kind: 'login', fingerprint: bench.store.fingerprint('grant') } as const;
      assert.equal((await bench.begin(key, base, '1', login)).answer.kind, 'busy');
      await bench.advance(LEASE_MS + MARGIN_MS);
      const { answer } = await bench.begin(key, base, '1', login);
      assert.deepEqual(answer, { kind: 'ok', orphan: true });
    },
  },
  {
    name: 'begin: no lease is longer than five minutes',
    run: async (bench) => {
      const { record } = await bench.begin(key, NOTHING, '1', { leaseMs: 1e12 });
      const intent = record.state.intent;
      assert.ok(intent !== undefined && intent.leaseUntil - intent.since <= 300_000);
    },
  },
  {
    name: 'begin: a backoff holds it until its time, unless a person asks',
    run: async (bench) => {
      const base = baseOf(await bench.put(key, '1'));
      const { intentId } = await bench.begin(key, base, '1');
      const until = (await bench.store.time()) + LEASE_MS;
      const failure = failureOf('transient', until - LEASE_MS);
      await bench.settle(key, base, intentId, { kind: 'backoff', until, failure });
      assert.deepEqual((await bench.begin(key, base, '1')).answer, { kind: 'backoff', until });
      const forced = await bench.begin(key, base, '1', { force: true });
      assert.equal(forced.answer.kind, 'ok');
      await bench.settle(key, base, forced.intentId, { kind: 'notSent' });
      await bench.advance(LEASE_MS + MARGIN_MS);
      assert.equal((await bench.begin(key, base, '1')).answer.kind, 'ok');
    },
  },
  {
    name: 'begin: an intent that has ended does not begin again',
    run: async (bench) => {
      const record = await bench.put(key, '1');
      const { intentId } = await bench.begin(key, baseOf(record), '1');
      await bench.commit(key, baseOf(record), '2', { intentId });
      const again = await bench.begin(key, baseOf(record), '1', { intentId });
      assert.equal(again.answer.kind, 'stale');
      const newest = baseOf(again.record);
      assert.equal((await bench.begin(key, newest, '2', { intentId })).answer.kind, 'stale');
    },
  },
];
