import assert from 'node:assert/strict';
import type { TokenFacts } from '@oauth-token/core';
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

const withoutRefreshToken = ({ issuedAt, expiresAt, dueAt }: TokenFacts): TokenFacts => ({
  issuedAt,
  expiresAt,
  dueAt,
});

/** Storing tokens on the version that they are based on. @internal */
export const COMMIT_CASES: readonly StoreCase[] = [
  {
    name: 'commit: stores everything of the tokens, one version on, in the same epoch',
    run: async (bench) => {
      const old = await bench.put(key, '1');
      const { intentId } = await bench.begin(key, baseOf(old), '1');
      const refreshTokenExpiresAt = (await bench.store.time()) + 86_400_000;
      const facts = await bench.facts('2', { refreshTokenExpiresAt });
      const { answer } = await bench.commit(key, baseOf(old), '2', { intentId, facts });
      assert.equal(answer.kind, 'committed');
      const { state, tokens } = await bench.read(key);
      assert.deepEqual(tokens, bench.tokens('2', facts));
      assert.deepEqual(state.facts, facts);
      assert.equal(state.version, old.state.version + 1);
      assert.equal(state.epoch, old.state.epoch);
      assert.equal(state.status, 'active');
      assert.equal(state.intent, undefined);
      assert.equal(state.scheduledAt, facts.dueAt);
      assert.equal(state.lastRenewal?.outcome, 'refreshed');
      assert.equal(state.lastRenewal.reason, 'due');
      assert.ok(state.spentFingerprints.includes(bench.store.fingerprint('refresh-1')));
    },
  },
  {
    name: 'commit: repeated by the same intent it repeats its answer and changes nothing',
    run: async (bench) => {
      const old = await bench.put(key, '1');
      const intentId = bench.intentId();
      const first = await bench.commit(key, baseOf(old), '2', { intentId });
      const again = await bench.commit(key, baseOf(old), '2', { intentId });
      assert.equal(again.answer.kind, 'committed');
      assert.equal(again.record.state.version, first.record.state.version);
      let newest = first.record;
      for (let round = 3; round <= 17; round += 1) {
        newest = await bench.renew(key, newest, `${round}`, `${round - 1}`);
      }
      const late = await bench.commit(key, baseOf(old), '2', { intentId });
      assert.equal(late.answer.kind, 'committed');
      assert.equal(late.record.tokens?.accessToken, 'access-17');
      assert.deepEqual(late.record.state.siblings, []);
    },
  },
  {
    name: 'commit: counts while the version is the same, whatever became of the lease',
    run: async (bench) => {
      const old = await bench.put(key, '1');
      const { intentId } = await bench.begin(key, baseOf(old), '1');
      await bench.advance(LEASE_MS + TAKEOVER_MS + MARGIN_MS);
      await bench.begin(key, baseOf(old), '1');
      const { answer, record } = await bench.commit(key, baseOf(old), '2', { intentId });
      assert.equal(answer.kind, 'committed');
      assert.equal(record.tokens?.accessToken, 'access-2');
      assert.equal(record.state.intent, undefined);
    },
  },
  {
    name: 'commit: too late it is kept as a sibling beside the newer tokens',
    run: async (bench) => {
      const old = await bench.put(key, '1');
      const newer = await bench.renew(key, old, '2', '1');
      const late = await bench.commit(key, baseOf(old), 'late');
      assert.equal(late.answer.kind, 'sibling');
      const { state, tokens } = await bench.read(key);
      assert.equal(tokens?.accessToken, 'access-2');
      assert.equal(state.version, newer.state.version);
      const kept = state.siblings.map(({ facts }) => facts.refreshFingerprint);
      assert.deepEqual(kept, [bench.store.fingerprint('refresh-late')]);
    },
  },
  {
    name: 'commit: too late with a refresh token that is known, or with none, it is superseded',
    run: async (bench) => {
      const old = await bench.put(key, '1');
      await bench.renew(key, old, '2', '1');
      await bench.commit(key, baseOf(old), 'late');
      for (const word of ['1', '2', 'late']) {
        const { answer } = await bench.commit(key, baseOf(old), word);
        assert.equal(answer.kind, 'superseded', word);
      }
      const facts = withoutRefreshToken(await bench.facts('none'));
      const { answer, record } = await bench.commit(key, baseOf(old), 'none', { facts });
      assert.equal(answer.kind, 'superseded');
      assert.equal(record.state.siblings.length, 1);
    },
  },
  {
    name: 'commit: of five at once one is stored and the four others are kept',
    run: async (bench) => {
      const old = await bench.put(key, '1');
      const words = ['a', 'b', 'c', 'd', 'e'];
      const stored = await Promise.all(words.map((word) => bench.commit(key, baseOf(old), word)));
      const kinds = stored.map(({ answer }) => answer.kind).sort();
      assert.deepEqual(kinds, ['committed', 'sibling', 'sibling', 'sibling', 'sibling']);
      const { state } = await bench.read(key);
      const kept = [state, ...state.siblings].map(({ facts }) => facts?.refreshFingerprint);
      const sent = words.map((word) => bench.store.fingerprint(`refresh-${word}`));
      assert.deepEqual(kept.sort(), sent.sort());
    },
  },
  {
    name: 'commit: no more than four siblings are kept',
    run: async (bench) => {
      const old = await bench.put(key, '1');
      await bench.renew(key, old, '2', '1');
      for (let late = 0; late < 6; late += 1) await bench.commit(key, baseOf(old), `late-${late}`);
      assert.equal((await bench.read(key)).state.siblings.length, 4);
    },
  },
  {
    name: 'commit: too far behind it is too old, and with nothing to keep it is superseded',
    run: async (bench) => {
      const old = await bench.put(key, '0');
      let newest = old;
      for (let round = 1; round <= 17; round += 1) {
        newest = await bench.renew(key, newest, `${round}`, `${round - 1}`);
      }
      const { answer, record } = await bench.commit(key, baseOf(old), 'late');
      assert.equal(answer.kind, 'tooOld');
      assert.deepEqual(record.state.siblings, []);
      const facts = withoutRefreshToken(await bench.facts('none'));
      const nothing = await bench.commit(key, baseOf(old), 'none', { facts });
      assert.equal(nothing.answer.kind, 'superseded');
    },
  },
  {
    name: 'commit: a refresh that succeeds clears siblings, backoff and failure',
    run: async (bench) => {
      const old = await bench.put(key, '1');
      const newer = await bench.renew(key, old, '2', '1');
      await bench.commit(key, baseOf(old), 'late');
      const { intentId } = await bench.begin(key, baseOf(newer), '2');
      const now = await bench.store.time();
      const failure = failureOf('transient', now);
      await bench.settle(key, baseOf(newer), intentId, {
        kind: 'backoff',
        until: now + 1,
        failure,
      });
      const { record } = await bench.commit(key, baseOf(newer), '3');
      assert.deepEqual(record.state.siblings, []);
      assert.equal(record.state.backoff, undefined);
      assert.equal(record.state.failure, undefined);
    },
  },
  {
    name: 'commit: across a login or a logout it is of an old epoch',
    run: async (bench) => {
      const old = await bench.put(key, '1');
      const { intentId } = await bench.begin(key, baseOf(old), '1');
      await bench.put(key, '2');
      const afterLogin = await bench.commit(key, baseOf(old), 'late', { intentId });
      assert.equal(afterLogin.answer.kind, 'oldEpoch');
      assert.equal(afterLogin.record.tokens?.accessToken, 'access-2');
      assert.deepEqual(afterLogin.record.state.siblings, []);
      await bench.store.forget(key, { intentId: bench.intentId(), newEpoch: 'gone' });
      const afterLogout = await bench.commit(key, baseOf(afterLogin.record), 'later');
      assert.equal(afterLogout.answer.kind, 'oldEpoch');
      assert.equal(afterLogout.record.tokens, undefined);
    },
  },
  {
    name: 'commit: a login draws a new epoch, and one that lost the race is of an old one',
    run: async (bench) => {
      const login = { kind: 'login', fingerprint: bench.store.fingerprint('grant') } as const;
      const { intentId } = await bench.begin(key, NOTHING, '1', login);
      const won = await bench.commit(key, NOTHING, '1', { intentId, newEpoch: 'first' });
      assert.equal(won.answer.kind, 'committed');
      assert.equal(won.record.state.epoch, 'first');
      assert.equal(won.record.state.version, 1);
      const lost = await bench.commit(key, NOTHING, '2', { newEpoch: 'second' });
      assert.equal(lost.answer.kind, 'oldEpoch');
      assert.equal(lost.record.tokens?.accessToken, 'access-1');
      assert.deepEqual(lost.record.state.siblings, []);
    },
  },
  {
    name: 'commit: an answer with a defect keeps its refresh token and holds the next try',
    run: async (bench) => {
      const old = await bench.put(key, '1');
      const now = await bench.store.time();
      const defect = { failure: failureOf('ambiguous', now), retryAt: now + 5_000 };
      const { answer, record } = await bench.commit(key, baseOf(old), '2', { defect });
      assert.equal(answer.kind, 'committed');
      assert.equal(record.tokens?.refreshToken, 'refresh-2');
      assert.equal(record.state.failure?.outcome, 'ambiguous');
      assert.equal(record.state.scheduledAt, defect.retryAt);
      const next = await bench.begin(key, baseOf(record), '2');
      assert.deepEqual(next.answer, { kind: 'backoff', until: defect.retryAt });
    },
  },
  {
    name: 'commit: tokens that are not kept fresh are not scheduled',
    run: async (bench) => {
      const old = await bench.put(key, '1');
      const { record } = await bench.commit(key, baseOf(old), '2', { keepFresh: false });
      assert.equal(record.state.scheduledAt, Infinity);
      assert.equal((await bench.read(key)).state.scheduledAt, Infinity);
    },
  },
];
