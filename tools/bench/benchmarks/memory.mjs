import { concurrently } from '../harness/concurrently.mjs';
import { keyOf, plant } from '../harness/fleet.mjs';
import { recordKey } from '../harness/layout.mjs';
import { openReplica, refresh } from '../harness/replica.mjs';
import { infoNumber } from '../harness/server-figures.mjs';
import { openEndpoint, openRedis } from '../harness/setting.mjs';
import { sum } from '../harness/statistics.mjs';
import { TOKEN_CHARACTERS, tokenTexts } from '../harness/token-text.mjs';

/** @typedef {import('../harness/rows.mjs').Row} Row */
/** @typedef {import('../harness/rows.mjs').Run} Run */

const AT_ONCE = 64;
/** More than the intents and spent tokens that a record remembers. */
const RENEWALS = 20;

/** @param {number} index */
const subjectKey = (index) => keyOf(`subject-${index}`);

/** What some records take, the index aside. @param {import('ioredis').Redis} redis @param {readonly string[]} ids */
async function bytesOf(redis, ids) {
  const bytes = ids.map((id) => redis.memory('USAGE', recordKey('otm', id), 'SAMPLES', 0));
  return sum((await Promise.all(bytes)).map(Number));
}

/**
 * Memory of Redis for each token, index included: of records as a login leaves them, and as many renewals do.
 *
 * @param {Run} run @returns {Promise<Row[]>}
 */
export async function memory(run) {
  const tokens = run.quick ? 2_000 : 10_000;
  const renewed = run.quick ? 100 : 500;
  const { redis, stop } = await openRedis();
  const endpoint = await openEndpoint();
  const { manager, store, close } = await openReplica(redis, endpoint.url);
  try {
    // The scripts are loaded, and the connection has its buffers.
    await concurrently(AT_ONCE, AT_ONCE, (index) =>
      plant(store, keyOf(`before-${index}`), tokenTexts('before')),
    );
    const empty = await infoNumber(redis, 'used_memory');
    await concurrently(tokens, AT_ONCE, (index) =>
      plant(store, subjectKey(index), tokenTexts(`subject-${index}.0`)),
    );
    const fresh = ((await infoNumber(redis, 'used_memory')) - empty) / tokens;
    const records = Array.from({ length: renewed }, (_, index) => store.idOf(subjectKey(index)));
    const before = await bytesOf(redis, records);
    await concurrently(renewed, AT_ONCE, async (index) => {
      for (let count = 0; count < RENEWALS; count += 1) await refresh(manager, subjectKey(index));
    });
    const old = fresh + ((await bytesOf(redis, records)) - before) / renewed;
    return [
      {
        what: 'Redis bytes of a token / bytes of its text, after a login',
        value: fresh / TOKEN_CHARACTERS,
        unit: 'x',
        goal: { atMost: 1.5 },
        gate: true,
      },
      {
        what: `Redis bytes of a token / bytes of its text, after ${RENEWALS} renewals`,
        value: old / TOKEN_CHARACTERS,
        unit: 'x',
        goal: { atMost: 1.5 },
        gate: true,
      },
      { what: 'Redis bytes of a token after a login', value: fresh, unit: 'B' },
      { what: `Redis bytes of a token after ${RENEWALS} renewals`, value: old, unit: 'B' },
    ];
  } finally {
    await close();
    await endpoint.stop();
    await stop();
  }
}
