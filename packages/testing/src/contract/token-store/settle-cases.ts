import assert from 'node:assert/strict';
import { baseOf, failureOf, keyOf, MARGIN_MS, NOTHING, type StoreCase } from './store-bench.js';

const key = keyOf('a');

/** Ending an intent without new tokens. @internal */
export const SETTLE_CASES: readonly StoreCase[] = [
  {
    name: 'settle: what was not sent leaves nothing behind',
    run: async (bench) => {
      const record = await bench.put(key, '1');
      const { intentId } = await bench.begin(key, baseOf(record), '1');
      const settled = await bench.settle(key, baseOf(record), intentId, { kind: 'notSent' });
      assert.equal(settled.answer.kind, 'settled');
      assert.equal(settled.record.state.intent, undefined);
      assert.equal(settled.record.state.backoff, undefined);
      assert.equal(settled.record.state.scheduledAt, record.state.facts?.dueAt);
      assert.deepEqual(settled.record.tokens, record.tokens);
      assert.equal((await bench.begin(key, baseOf(record), '1')).answer.kind, 'ok');
    },
  },
  {
    name: 'settle: a backoff keeps the tokens, counts, and remembers when the failures began',
    run: async (bench) => {
      const record = await bench.put(key, '1');
      const base = baseOf(record);
      const began = await bench.store.time();
      for (const attempt of [1, 2]) {
        const { intentId } = await bench.begin(key, base, '1', { force: true });
        const now = await bench.store.time();
        const until = now + 10_000 * attempt;
        const failure = failureOf('transient', now, `error_${attempt}`);
        const settled = await bench.settle(key, base, intentId, {
          kind: 'backoff',
          until,
          failure,
        });
        const { state, tokens } = settled.record;
        assert.deepEqual(tokens, record.tokens);
        assert.equal(state.version, record.state.version);
        assert.deepEqual(state.backoff, { until, attempt });
        assert.equal(state.scheduledAt, until);
        assert.equal(state.failure?.code, `error_${attempt}`);
        assert.ok(state.failure.since <= began + MARGIN_MS);
        assert.equal(state.lastRenewal?.outcome, 'transient');
        await bench.advance(2 * MARGIN_MS);
      }
    },
  },
  {
    name: 'settle: too early means that the present token is good until then',
    run: async (bench) => {
      const record = await bench.put(key, '1');
      const base = baseOf(record);
      const { intentId } = await bench.begin(key, base, '1');
      const until = (await bench.store.time()) + 10_000;
      const settled = await bench.settle(key, base, intentId, { kind: 'tooEarly', until });
      assert.equal(settled.record.state.failure, undefined);
      assert.equal(settled.record.state.scheduledAt, until);
      assert.deepEqual((await bench.begin(key, base, '1')).answer, { kind: 'backoff', until });
    },
  },
  {
    name: 'settle: an ambiguous end keeps others away until the takeover, and its own answer may still come',
    run: async (bench) => {
      const record = await bench.put(key, '1');
      const base = baseOf(record);
      const { intentId, record: begun } = await bench.begin(key, base, '1');
      const until = begun.state.intent?.takeoverAt;
      const failure = failureOf('ambiguous', await bench.store.time());
      const settled = await bench.settle(key, base, intentId, { kind: 'ambiguous', failure });
      assert.equal(settled.record.state.intent?.ambiguous, true);
      assert.equal(settled.record.state.intent.takeoverAt, until);
      assert.deepEqual((await bench.begin(key, base, '1')).answer, { kind: 'busy', until });
      const late = await bench.commit(key, base, '2', { intentId });
      assert.equal(late.answer.kind, 'committed');
      assert.equal(late.record.state.failure, undefined);
    },
  },
  {
    name: 'settle: a dead refresh token that nothing can replace ends the record, and costs no more requests',
    run: async (bench) => {
      const record = await bench.put(key, '1');
      const dead = await bench.die(key, record, '1');
      assert.equal(dead.answer.kind, 'dead');
      const { state } = await bench.read(key);
      assert.equal(state.status, 'reauthorizationRequired');
      assert.equal(state.deadFingerprint, bench.store.fingerprint('refresh-1'));
      assert.equal(state.scheduledAt, Infinity);
      assert.equal(state.intent, undefined);
      const again = await bench.begin(key, baseOf(dead.record), '1', { force: true });
      assert.equal(again.answer.kind, 'dead');
    },
  },
  {
    name: 'settle: repeated by the same intent the transition is told again as its own',
    run: async (bench) => {
      const base = baseOf(await bench.put(key, '1'));
      const { intentId } = await bench.begin(key, base, '1');
      const failure = failureOf('reauthorizationRequired', await bench.store.time());
      const outcome = { kind: 'dead', canLogin: false, failure } as const;
      assert.equal((await bench.settle(key, base, intentId, outcome)).answer.kind, 'dead');
      assert.equal((await bench.settle(key, base, intentId, outcome)).answer.kind, 'dead');
    },
  },
  {
    name: 'settle: where a login can follow the record lives on, and is due for it at once',
    run: async (bench) => {
      const record = await bench.put(key, '1');
      const { intentId } = await bench.begin(key, baseOf(record), '1');
      const failure = failureOf('reauthorizationRequired', await bench.store.time());
      const outcome = { kind: 'dead', canLogin: true, failure } as const;
      const { record: dead } = await bench.settle(key, baseOf(record), intentId, outcome);
      assert.equal(dead.state.status, 'active');
      assert.ok(dead.state.scheduledAt <= (await bench.store.time()));
      assert.equal((await bench.begin(key, baseOf(dead), '1')).answer.kind, 'dead');
      const login = { kind: 'login', fingerprint: bench.store.fingerprint('grant') } as const;
      assert.equal((await bench.begin(key, baseOf(dead), '1', login)).answer.kind, 'ok');
    },
  },
  {
    name: 'settle: an untried sibling takes the place of a dead refresh token',
    run: async (bench) => {
      const old = await bench.put(key, '1');
      const newer = await bench.renew(key, old, '2', '1');
      await bench.commit(key, baseOf(old), 'late');
      const { answer, record } = await bench.die(key, newer, '2');
      assert.equal(answer.kind, 'trySibling');
      assert.equal(record.state.status, 'active');
      assert.equal(record.state.version, newer.state.version + 1);
      assert.equal(record.tokens?.refreshToken, 'refresh-late');
      assert.deepEqual(record.state.siblings, []);
      assert.ok(record.state.spentFingerprints.includes(bench.store.fingerprint('refresh-2')));
      assert.equal((await bench.begin(key, baseOf(record), 'late')).answer.kind, 'ok');
    },
  },
  {
    name: 'settle: siblings are tried one after another before the record is dead',
    run: async (bench) => {
      const old = await bench.put(key, '1');
      let record = await bench.renew(key, old, '2', '1');
      await bench.commit(key, baseOf(old), 'x');
      await bench.commit(key, baseOf(old), 'y');
      const tried: (string | undefined)[] = [];
      const kinds: string[] = [];
      for (let round = 0; round < 3; round += 1) {
        const was = record.tokens?.refreshToken?.replace('refresh-', '') ?? '';
        tried.push(was);
        const settled = await bench.die(key, record, was);
        kinds.push(settled.answer.kind);
        record = settled.record;
      }
      assert.deepEqual(kinds, ['trySibling', 'trySibling', 'dead']);
      assert.deepEqual([...tried].sort(), ['2', 'x', 'y']);
    },
  },
  {
    name: 'settle: an answer that comes late brings a dead record back to life',
    run: async (bench) => {
      const old = await bench.put(key, '1');
      const dead = await bench.die(key, old, '1');
      const { answer, record } = await bench.commit(key, baseOf(dead.record), '2');
      assert.equal(answer.kind, 'committed');
      assert.equal(record.state.status, 'active');
      assert.equal(record.state.deadFingerprint, undefined);
      const deadAgain = await bench.die(key, record, '2');
      const late = await bench.commit(key, baseOf(old), 'late');
      assert.equal(deadAgain.answer.kind, 'dead');
      assert.equal(late.record.state.status, 'active');
      assert.equal(late.record.tokens?.refreshToken, 'refresh-late');
    },
  },
  {
    name: 'settle: a refused login is not tried again by the same grant, and is by another',
    run: async (bench) => {
      const login = { kind: 'login', fingerprint: bench.store.fingerprint('grant') } as const;
      const { intentId } = await bench.begin(key, NOTHING, '1', login);
      const failure = failureOf('reauthorizationRequired', await bench.store.time());
      const settled = await bench.settle(key, NOTHING, intentId, { kind: 'loginRefused', failure });
      assert.equal(settled.answer.kind, 'dead');
      const { record } = settled;
      assert.equal(record.state.status, 'reauthorizationRequired');
      assert.equal(record.state.refusedGrant, login.fingerprint);
      assert.equal((await bench.begin(key, baseOf(record), '1', login)).answer.kind, 'dead');
      const other = { kind: 'login', fingerprint: bench.store.fingerprint('other') } as const;
      assert.equal((await bench.begin(key, baseOf(record), '1', other)).answer.kind, 'ok');
    },
  },
  {
    name: 'settle: a newer version, or another owner, is left as it is',
    run: async (bench) => {
      const old = await bench.put(key, '1');
      const { intentId } = await bench.begin(key, baseOf(old), '1');
      const failure = failureOf('reauthorizationRequired', await bench.store.time());
      const outcome = { kind: 'dead', canLogin: false, failure } as const;
      const stranger = await bench.settle(key, baseOf(old), bench.intentId(), outcome);
      assert.equal(stranger.answer.kind, 'notOwner');
      assert.equal(stranger.record.state.intent?.intentId, intentId);
      await bench.commit(key, baseOf(old), '2');
      const late = await bench.settle(key, baseOf(old), intentId, outcome);
      assert.equal(late.answer.kind, 'stale');
      assert.equal(late.record.state.status, 'active');
      assert.equal(late.record.tokens?.accessToken, 'access-2');
    },
  },
];
