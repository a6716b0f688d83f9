import assert from 'node:assert/strict';
import {
  baseOf,
  keyOf,
  LEASE_MS,
  MARGIN_MS,
  NOTHING,
  type StoreBench,
  type StoreCase,
  TAKEOVER_MS,
} from './store-bench.js';

/** Records that fall due so long from now, ms. */
const putDue = async (bench: StoreBench, due: Readonly<Record<string, number>>): Promise<void> => {
  for (const [subject, delay] of Object.entries(due)) {
    const dueAt = (await bench.store.time()) + delay;
    const facts = await bench.facts(subject, { dueAt });
    await bench.put(keyOf(subject), subject, { facts });
  }
};

/** The due index and the pages. @internal */
export const INDEX_CASES: readonly StoreCase[] = [
  {
    name: 'claimDue: gives what is due with its key and tokens, and says when the next one is',
    run: async (bench) => {
      await putDue(bench, { a: 0, b: -5_000, c: 60_000 });
      const { records, nextDueAt } = await bench.store.claimDue({ limit: 10, leaseMs: 10_000 });
      assert.deepEqual(records.map(({ key }) => key.subject).sort(), ['a', 'b']);
      for (const record of records) {
        const word = record.key.subject ?? '';
        assert.deepEqual(record.key, keyOf(word));
        assert.equal(record.id, bench.store.idOf(record.key));
        assert.equal(record.tokens?.accessToken, `access-${word}`);
      }
      const next = (await bench.read(keyOf('c'))).state.facts?.dueAt ?? 0;
      assert.ok(Math.abs((nextDueAt ?? 0) - next) <= 1);
    },
  },
  {
    name: 'claimDue: an empty store has nothing due, now or later',
    run: async (bench) => {
      assert.deepEqual(await bench.claim(), { subjects: [] });
    },
  },
  {
    name: 'claimDue: takes no more than its limit, and the rest the next time',
    run: async (bench) => {
      await putDue(bench, { a: -1, b: -2, c: -3, d: -4, e: -5 });
      const first = await bench.claim(2);
      assert.equal(first.subjects.length, 2);
      assert.ok(first.nextDueAt !== undefined && first.nextDueAt <= (await bench.store.time()));
      const second = await bench.claim(10);
      assert.deepEqual([...first.subjects, ...second.subjects].sort(), ['a', 'b', 'c', 'd', 'e']);
    },
  },
  {
    name: 'claimDue: of many at once each record is claimed by one',
    run: async (bench) => {
      await putDue(bench, { a: -1, b: -1, c: -1, d: -1, e: -1, f: -1 });
      const claims = await Promise.all(Array.from({ length: 6 }, () => bench.claim(3)));
      const subjects = claims.flatMap((claim) => claim.subjects).sort();
      assert.deepEqual(subjects, ['a', 'b', 'c', 'd', 'e', 'f']);
    },
  },
  {
    name: 'claimDue: what is not renewed within the lease is offered again',
    run: async (bench) => {
      await putDue(bench, { a: 0 });
      assert.deepEqual((await bench.claim(10, LEASE_MS)).subjects, ['a']);
      assert.deepEqual((await bench.claim(10, LEASE_MS)).subjects, []);
      await bench.advance(LEASE_MS + MARGIN_MS);
      assert.deepEqual((await bench.claim(10, LEASE_MS)).subjects, ['a']);
    },
  },
  {
    name: 'claimDue: what was renewed is offered when its new tokens fall due',
    run: async (bench) => {
      await putDue(bench, { a: 0 });
      await bench.claim(10, LEASE_MS);
      await bench.renew(keyOf('a'), await bench.read(keyOf('a')), '2', 'a');
      await bench.advance(LEASE_MS + MARGIN_MS);
      assert.deepEqual((await bench.claim()).subjects, []);
    },
  },
  {
    name: 'claimDue: an intent whose owner vanished is found when its time is over',
    run: async (bench) => {
      const record = await bench.put(keyOf('a'), '1');
      await bench.begin(keyOf('a'), baseOf(record), '1');
      await bench.begin(keyOf('b'), NOTHING, '1', { kind: 'login' });
      assert.deepEqual((await bench.claim()).subjects, []);
      await bench.advance(LEASE_MS + TAKEOVER_MS + MARGIN_MS);
      assert.deepEqual((await bench.claim()).subjects, ['a', 'b']);
    },
  },
  {
    name: 'claimDue: what is not kept fresh, dead or forgotten is never offered',
    run: async (bench) => {
      const facts = await bench.facts('idle', { dueAt: 0 });
      await bench.put(keyOf('idle'), 'idle', { facts, keepFresh: false });
      await bench.die(keyOf('dead'), await bench.put(keyOf('dead'), 'dead'), 'dead');
      await putDue(bench, { gone: 0 });
      await bench.store.forget(keyOf('gone'), { intentId: bench.intentId(), newEpoch: 'x' });
      assert.deepEqual(await bench.claim(), { subjects: [] });
    },
  },
  {
    name: 'list: gives every record, page by page, tombstones aside',
    run: async (bench) => {
      const subjects = Array.from({ length: 25 }, (_, index) => `s${index}`);
      for (const subject of subjects) await bench.put(keyOf(subject), subject);
      await bench.store.forget(keyOf('s3'), { intentId: bench.intentId(), newEpoch: 'x' });
      const seen = new Set<string>();
      let cursor: string | undefined;
      for (let page = 0; page < 1_000; page += 1) {
        const options = cursor === undefined ? { limit: 4 } : { limit: 4, cursor };
        const { records, cursor: next } = await bench.store.list(options);
        for (const record of records) {
          assert.equal(record.tokens?.accessToken, `access-${record.key.subject}`);
          seen.add(record.key.subject ?? '');
        }
        cursor = next;
        if (cursor === undefined) break;
      }
      assert.equal(cursor, undefined, 'the pages end');
      const expected = subjects.filter((subject) => subject !== 's3').sort();
      assert.deepEqual([...seen].sort(), expected);
    },
  },
];
