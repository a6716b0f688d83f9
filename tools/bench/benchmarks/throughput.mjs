import { concurrently, forSomeTime } from '../harness/concurrently.mjs';
import { Control } from '../harness/control.mjs';
import { keyOf, plant } from '../harness/fleet.mjs';
import { openReplica, refresh } from '../harness/replica.mjs';
import { awaitedCommands, roundTrips } from '../harness/round-trips.mjs';
import { openEndpoint, openRedis } from '../harness/setting.mjs';
import { median } from '../harness/statistics.mjs';
import { tokenTexts } from '../harness/token-text.mjs';

/** @typedef {import('../harness/rows.mjs').Row} Row */
/** @typedef {import('../harness/rows.mjs').Run} Run */
/** @typedef {Awaited<ReturnType<typeof forSomeTime>>} Rate */

const SUBJECTS = 2_000;
const AT_ONCE = 64;
/** What the control has to reach, or the ratio proves nothing. */
const CONTROL_PER_SECOND = 7_000;
const WATCHED_REFRESHES = 20;

/** @typedef {import('@oauth-token/core').TokenManager} TokenManager */

/** @param {number} index */
const subjectKey = (index) => keyOf(`subject-${index % SUBJECTS}`);

/** The round trips that refreshes wait for, one refresh at a time. @param {TokenManager} manager @returns {Promise<Row>} */
async function roundTripRow(manager) {
  const watched = [];
  for (let index = 0; index < WATCHED_REFRESHES; index += 1) {
    const commands = await awaitedCommands(() => refresh(manager, subjectKey(index)));
    watched.push({ count: roundTrips(commands), names: commands.map(({ name }) => name) });
  }
  const counts = watched.map(({ count }) => count);
  // About once a second one of them looks whether the provider is paused.
  const value = median(counts);
  const names = watched
    .find(({ count }) => count === value)
    ?.names.join(', ')
    .toLowerCase();
  return {
    what: 'awaited Redis round trips of a refresh',
    value,
    unit: '',
    goal: { atMost: 4 },
    gate: true,
    note: `${names}; the most ${Math.max(...counts)}`,
  };
}

/** @param {readonly Rate[]} rates @param {keyof Rate} name */
const medianOf = (rates, name) => median(rates.map((rate) => rate[name]));

/** @param {readonly Rate[]} ours @param {readonly Rate[]} control @returns {Row[]} */
function rateRows(ours, control) {
  const [mine, theirs] = [medianOf(ours, 'perSecond'), medianOf(control, 'perSecond')];
  const tooSlow = `the control is below ${CONTROL_PER_SECOND} per second`;
  return [
    {
      what: 'refreshes per second / control',
      value: mine / theirs,
      unit: 'x',
      goal: { atLeast: 0.5 },
      ...(theirs < CONTROL_PER_SECOND ? { doesNotCount: tooSlow } : {}),
    },
    { what: 'refreshes per second', value: mine, unit: '/s' },
    {
      what: 'control: POST, three Redis round trips, opening, sealing',
      value: theirs,
      unit: '/s',
      note: `has to reach ${CONTROL_PER_SECOND}`,
    },
    { what: 'CPU of one refresh, all threads', value: medianOf(ours, 'cpuMicros'), unit: 'µs' },
    { what: 'CPU of one of the control', value: medianOf(control, 'cpuMicros'), unit: 'µs' },
  ];
}

/** @param {TokenManager} manager @param {Control} control @param {Run} run */
async function alternate(manager, control, run) {
  const milliseconds = run.quick ? 300 : 2_000;
  /** @type {{ ours: Rate[], control: Rate[] }} */
  const rates = { ours: [], control: [] };
  let next = 0;
  // The first ones warm everything up: what is compiled for speed is so only after some thousand refreshes.
  const warmUps = run.quick ? 1 : 3;
  for (let number = 0; number < warmUps + run.runs; number += 1) {
    const theirs = await forSomeTime(milliseconds, AT_ONCE, () => control.refresh());
    const mine = await forSomeTime(milliseconds, AT_ONCE, () =>
      refresh(manager, subjectKey(next++)),
    );
    if (number < warmUps) continue;
    rates.control.push(theirs);
    rates.ours.push(mine);
  }
  return rates;
}

/**
 * Refreshes per second of one process, with everything on: lock, intent, sealing, commit, index.
 *
 * @param {Run} run @returns {Promise<Row[]>}
 */
export async function throughput(run) {
  const { redis, stop } = await openRedis();
  const endpoint = await openEndpoint();
  const { manager, store, close } = await openReplica(redis, endpoint.url);
  const control = new Control(redis, endpoint.url, SUBJECTS);
  try {
    await concurrently(SUBJECTS, AT_ONCE, (index) =>
      plant(store, subjectKey(index), tokenTexts(`subject-${index}.0`)),
    );
    await control.plant();
    const rates = await alternate(manager, control, run);
    const trips = await roundTripRow(manager);
    const { refused } = await endpoint.takeCounts();
    return [
      ...rateRows(rates.ours, rates.control),
      trips,
      {
        what: 'refresh tokens used twice',
        value: refused,
        unit: '',
        goal: { exactly: 0 },
        gate: true,
      },
    ];
  } finally {
    await control.close();
    await close();
    await endpoint.stop();
    await stop();
  }
}
