import assert from 'node:assert/strict';
import { baseOf, failureOf, keyOf, NOTHING, type StoreCase } from './store-bench.js';

const key = keyOf('a');

/** Refused logins and settings. @internal */
export const REFUSAL_CASES: readonly StoreCase[] = [
  {
    name: 'settle: a refused login behind a refresh of unknown fate leaves that its one more try',
    run: async (bench) => {
      const old = await bench.put(key, '1');
      const { intentId } = await bench.begin(key, baseOf(old), '1');
      const now = await bench.store.time();
      const unknown = { kind: 'ambiguous', failure: failureOf('ambiguous', now) } as const;
      const left = await bench.settle(key, baseOf(old), intentId, unknown);
      const login = { kind: 'login', fingerprint: bench.store.fingerprint('grant') } as const;
      const begun = await bench.begin(key, baseOf(old), '1', login);
      assert.equal(begun.answer.kind, 'ok');
      const failure = failureOf('reauthorizationRequired', now);
      const refused = { kind: 'loginRefused', failure } as const;
      const { answer, record } = await bench.settle(key, baseOf(old), begun.intentId, refused);
      assert.equal(answer.kind, 'settled');
      assert.equal(record.state.status, 'active');
      assert.equal(record.state.refusedGrant, login.fingerprint);
      assert.equal(record.state.intent?.intentId, intentId);
      assert.equal(record.state.scheduledAt, left.record.state.intent?.takeoverAt);
      assert.equal((await bench.begin(key, baseOf(old), '1')).answer.kind, 'busy');
    },
  },
  {
    name: 'settle: a backoff of other settings holds nobody back',
    run: async (bench) => {
      const old = await bench.put(key, '1');
      const { intentId } = await bench.begin(key, baseOf(old), '1');
      const now = await bench.store.time();
      const failure = failureOf('misconfigured', now);
      const outcome = {
        kind: 'backoff',
        until: now + 60_000,
        failure,
        settings: 'settings-1',
      } as const;
      await bench.settle(key, baseOf(old), intentId, outcome);
      assert.equal((await bench.begin(key, baseOf(old), '1')).answer.kind, 'backoff');
      const mended = await bench.begin(key, baseOf(old), '1', { settings: 'settings-2' });
      assert.equal(mended.answer.kind, 'ok');
    },
  },
  {
    name: 'settle: a second death of a record is told apart from the first',
    run: async (bench) => {
      const kinds: string[] = [];
      for (const grant of ['one', 'another']) {
        const login = { kind: 'login', fingerprint: bench.store.fingerprint(grant) } as const;
        const { intentId } = await bench.begin(key, NOTHING, '1', login);
        const failure = failureOf('reauthorizationRequired', await bench.store.time());
        const outcome = { kind: 'loginRefused', failure } as const;
        kinds.push((await bench.settle(key, NOTHING, intentId, outcome)).answer.kind);
      }
      assert.deepEqual(kinds, ['dead', 'alreadyDead']);
    },
  },
];
