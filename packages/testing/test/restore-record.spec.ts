import {
  EMPTY_RECORD,
  type RecordCommands,
  type RecordState,
  type RecordVerb,
  reduceRecord,
} from '@oauth-token/core';
import fc from 'fast-check';

type State = RecordState<string>;

const NOW = 1_000_000;
const DAY_MS = 24 * 3_600_000;

let intents = 0;

function take<Verb extends RecordVerb>(
  state: State | undefined,
  verb: Verb,
  command: Partial<RecordCommands<string>[Verb]>,
  now = NOW,
) {
  intents += 1;
  const whole = { intentId: `intent-${intents}`, ...command } as RecordCommands<string>[Verb];
  return reduceRecord(state, verb, whole, now);
}

const baseOf = ({ version, epoch }: State) => ({ version, epoch });

const tokens = (word: string) =>
  ({
    body: `body-${word}`,
    facts: {
      issuedAt: NOW,
      expiresAt: NOW + 1_000,
      dueAt: NOW + 800,
      refreshFingerprint: `fp-${word}`,
    },
    keepFresh: true,
    reason: 'due',
  }) as const;

const put = (state: State | undefined, word: string, epoch: string, seed = false): State =>
  take(state, 'put', { newEpoch: epoch, ...tokens(word), seed }).state;

/** A refresh on what is stored, or on what its process had read. */
const commit = (state: State | undefined, word: string, base = baseOf(state ?? EMPTY_RECORD)) =>
  take(state, 'commit', { base, ...tokens(word) });

const forget = (state: State, now = NOW): State =>
  take(state, 'forget', { newEpoch: `gone-${state.version}` }, now).state;

const restore = (state: State | undefined, known: State, restMs = 5_000, now = NOW) =>
  take(state, 'restore', { known, restMs }, now);

const refresh = (state: State, now = NOW) =>
  take(
    state,
    'begin',
    {
      base: baseOf(state),
      owner: 'owner',
      kind: 'refresh',
      fingerprint: state.facts?.refreshFingerprint ?? '',
      leaseMs: 3_000,
      takeoverMs: 1_000,
      force: false,
      settings: 'settings',
      fresh: { body: 'key', keepFresh: true },
    },
    now,
  );

const v1 = put(undefined, '1', 'E1');
const v2 = commit(v1, '2').state;
const v3 = commit(v2, '3').state;

describe('restore', () => {
  it.each([
    ['nothing', undefined, v3, 'restored'],
    ['an earlier version', v1, v3, 'restored'],
    ['the same version', v3, v3, 'notNewer'],
    ['a later version', v3, v2, 'notNewer'],
    ['another login', put(undefined, 'x', 'E9'), v3, 'notNewer'],
    ['a login that it had ended', v3, put(v3, '4', 'E2'), 'restored'],
    ['a login that its login had ended', v1, put(put(v2, '4', 'E2'), '5', 'E3'), 'restored'],
    ['the login that has ended it', put(v3, '4', 'E2'), v3, 'notNewer'],
    ['a tombstone', forget(v3), v3, 'notNewer'],
    ['nothing, for a tombstone', undefined, forget(v3), 'restored'],
    ['what was forgotten', v2, forget(v3), 'restored'],
    ['a login after the logout', put(forget(v3), '4', 'E2'), forget(v3), 'notNewer'],
    ['nothing, for nothing', undefined, EMPTY_RECORD, 'notNewer'],
  ] as const)('over %s', (_, stored, known, expected) => {
    const { state, answer } = restore(stored, known);
    expect(answer.kind).toBe(expected);
    if (expected === 'notNewer') expect(state).toBe(stored ?? EMPTY_RECORD);
    else expect(state).toMatchObject({ epoch: known.epoch, status: known.status });
  });

  it('goes on from the higher version when an ended login went on without knowing', () => {
    const known = forget(v1);
    const { state } = restore(v3, known);
    expect(known.version).toBeLessThan(v3.version);
    expect(state).toMatchObject({ version: v3.version + 1, status: 'forgotten' });
    expect(state.body).toBeUndefined();
  });

  it('does not bring back a tombstone whose time is over, nor lengthen it', () => {
    const known = forget(v3);
    expect(restore(undefined, known, 0, NOW + DAY_MS).answer.kind).toBe('notNewer');
    const { state } = restore(undefined, { ...known, tombstoneUntil: Infinity });
    expect(state.tombstoneUntil).toBe(NOW + DAY_MS);
  });

  it('does not put tokens where a tombstone was whose seeds are still known', () => {
    const seeded = forget(put(undefined, 'seed', 'E0', true));
    const { answer } = restore(seeded, v3, 0, NOW + DAY_MS);
    expect(answer.kind).toBe('notNewer');
  });

  it('does not put back what has no tokens', () => {
    const { body, ...bodiless } = v3;
    expect(body).toBeDefined();
    expect(restore(v1, bodiless).answer.kind).toBe('notNewer');
  });

  it('leaves intent and backoff behind and lets the refresh token rest, not a login', () => {
    const { state: begun } = refresh(v3);
    const known = { ...begun, backoff: { until: NOW + 9_000, attempt: 1 } };
    const { state } = restore(v1, known);
    expect(state.intent).toBeUndefined();
    expect(state.backoff).toBeUndefined();
    expect(state.scheduledAt).toBe(NOW + 5_000);
    expect(refresh(state).answer).toEqual({ kind: 'busy', until: NOW + 5_000 });
    expect(refresh(state, NOW + 5_000).answer.kind).toBe('ok');
    const login = take(state, 'begin', {
      ...beginOf(state),
      kind: 'login',
      fingerprint: 'grant',
    });
    expect(login.answer.kind).toBe('ok');
  });

  it.each([
    ['a commit', (state: State) => commit(state, '4').state],
    ['a login', (state: State) => put(state, '4', 'E2')],
    ['a logout', (state: State) => forget(state)],
  ])('the rest is over with %s', (_, next) => {
    const { state } = restore(v1, v3);
    expect(state.restUntil).toBe(NOW + 5_000);
    expect(next(state).restUntil).toBeUndefined();
  });

  it.each([
    ['not before the rest is over', v3, 5_000, NOW + 5_000],
    ['not before it is due', v3, 1, NOW + 800],
    ['never when it is not kept fresh', { ...v3, keepFresh: false }, 1, Infinity],
    ['never when it is dead', { ...v3, status: 'reauthorizationRequired' as const }, 1, Infinity],
    ['never when it is a tombstone', forget(v3), 1, Infinity],
  ])('is offered by the index %s', (_, known, restMs, expected) => {
    expect(restore(undefined, known, restMs).state.scheduledAt).toBe(expected);
  });

  it('keeps what both have seen', () => {
    const ancient = put(undefined, 'ancient', 'E1', true);
    const withLate = take(ancient, 'commit', {
      base: { version: 0, epoch: 'E1' },
      ...tokens('late'),
    });
    const refused = { ...withLate.state, refusedGrant: 'refused' };
    const { state } = restore(refused, v3);
    expect(withLate.answer.kind).toBe('sibling');
    expect(state.seedFingerprints).toEqual(['fp-ancient']);
    expect(state.spentFingerprints).toEqual(['fp-1', 'fp-2', 'fp-ancient']);
    expect(state.siblings.map(({ facts }) => facts.refreshFingerprint)).toEqual(['fp-late']);
    expect(state.refusedGrant).toBe('refused');
  });

  it('counts the stored refresh token as spent however many others are', () => {
    let known = v3;
    for (let round = 4; round < 20; round += 1) known = commit(known, `${round}`).state;
    expect(known.spentFingerprints).not.toContain('fp-1');
    expect(restore(v1, known).state.spentFingerprints).toContain('fp-1');
  });

  it('does not count a refresh token as spent that does not rotate', () => {
    const facts = { ...tokens('3').facts, refreshFingerprint: 'fp-1' };
    const known = { ...v3, facts, spentFingerprints: [] };
    expect(restore(v1, known).state.spentFingerprints).not.toContain('fp-1');
  });

  it('answers a repeated commit as it did before the loss', () => {
    const command = { intentId: 'mine', base: baseOf(v1), ...tokens('2') };
    const known = take(v1, 'commit', command).state;
    const { state } = restore(undefined, commit(known, '3').state);
    expect(take(state, 'commit', command)).toMatchObject({ state, answer: { kind: 'committed' } });
  });

  it('repeats its answer and changes nothing when it is repeated', () => {
    const command = { intentId: 'mine', known: v3, restMs: 5_000 };
    const { state } = take(v1, 'restore', command);
    const next = commit(state, '4').state;
    const again = take(next, 'restore', command, NOW + 1);
    expect(again.answer.kind).toBe('restored');
    expect(again.state).toBe(next);
  });
});

const beginOf = (state: State) => ({
  base: baseOf(state),
  owner: 'owner',
  leaseMs: 3_000,
  takeoverMs: 1_000,
  force: false,
  settings: 'settings',
  fresh: { body: 'key', keepFresh: true },
});

describe('commit on what the store has lost', () => {
  it.each([
    ['an empty record', undefined, 'committed'],
    ['an earlier version', v1, 'committed'],
    ['a tombstone', forget(v3), 'oldEpoch'],
    ['a later login', put(undefined, 'x', 'E9'), 'oldEpoch'],
  ] as const)('over %s', (_, stored, expected) => {
    const { state, answer } = commit(stored, '4', baseOf(v3));
    expect(answer.kind).toBe(expected);
    if (expected === 'oldEpoch') expect(state).toBe(stored);
    else expect(state).toMatchObject({ version: 4, epoch: 'E1', status: 'active', body: 'body-4' });
  });

  it('is no commit over a tombstone whose time is over but whose seeds are known', () => {
    const gone = forget(put(undefined, 'seed', 'E0', true));
    const late = { base: baseOf(v3), ...tokens('4') };
    expect(take(gone, 'commit', late, NOW + DAY_MS).answer.kind).toBe('oldEpoch');
  });

  it('rests for two seconds, so that who knows something newer can put it back', () => {
    const { state } = commit(undefined, '3', baseOf(v2));
    expect(state).toMatchObject({ restUntil: NOW + 2_000, scheduledAt: NOW + 2_000 });
    const newer = commit(v3, '4').state;
    expect(restore(state, newer)).toMatchObject({ answer: { kind: 'restored' } });
    expect(commit(v3, '4').state.restUntil).toBeUndefined();
  });

  it('ends the login that a login followed', () => {
    const command = { base: baseOf(v3), ...tokens('4'), newEpoch: 'E2' };
    const { state } = take(undefined, 'commit', command);
    expect(state).toMatchObject({ epoch: 'E2', endedEpochs: ['E1'], version: 4 });
    expect(state.restUntil).toBeUndefined();
    expect(restore(v3, state).answer.kind).toBe('restored');
  });

  it('keeps the refresh token that it sent from coming back by lateness', () => {
    const command = { base: baseOf(v3), ...tokens('4'), sentFingerprint: 'fp-3' };
    const { state } = take(v1, 'commit', command);
    expect(commit(state, '3', baseOf(v2)).answer.kind).toBe('superseded');
    expect(commit(state, 'other', baseOf(v2)).answer.kind).toBe('sibling');
  });

  it('settles nothing', () => {
    const command = { base: baseOf(v3), reason: 'due', outcome: { kind: 'notSent' } } as const;
    for (const stored of [undefined, v1]) {
      expect(take(stored, 'settle', command).answer.kind).toBe('stale');
    }
  });
});

it('an answer that is further behind than the record remembers is too old', () => {
  let state = v1;
  for (let round = 0; round < 17; round += 1) state = commit(state, `round-${round}`).state;
  expect(commit(state, 'late', baseOf(v1)).answer.kind).toBe('tooOld');
  expect(commit(state, 'late', { version: state.version - 8, epoch: 'E1' }).answer.kind).toBe(
    'sibling',
  );
  expect(commit(state, 'round-16', baseOf(v1)).answer.kind).toBe('superseded');
});

describe('a store that is emptied and rolled back at random', () => {
  const step = fc.record({
    kind: fc.constantFrom(
      'commit',
      'commit',
      'commit',
      'login',
      'logout',
      'lose',
      'empty',
      'restore',
    ),
    pick: fc.nat(30),
  });

  it('goes forward with every restore, and back only over a login that nobody knows', () => {
    const property = fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      let state: State | undefined;
      const seen: State[] = [];
      steps.forEach(({ kind, pick }, index) => {
        const earlier = seen[pick % (seen.length || 1)];
        if (kind === 'lose') state = earlier;
        else if (kind === 'empty') state = undefined;
        else if (kind === 'login') state = put(state, `${index}`, `E${index}`);
        else if (kind === 'logout' && state !== undefined) state = forget(state);
        else if (kind === 'commit' && state?.status === 'active')
          state = commit(state, `${index}`).state;
        else if (kind === 'restore' && earlier !== undefined) {
          const { state: after, answer } = restore(state, earlier);
          if (answer.kind === 'restored') {
            expect(after.version).toBeGreaterThan(state?.version ?? 0);
            const ended = earlier.endedEpochs ?? [];
            const old = [undefined, earlier.epoch, ...ended].includes(state?.epoch);
            expect(old).toBe(true);
          } else expect(after).toBe(state);
          state = after;
        }
        if (state !== undefined) seen.push(state);
      });
    });
    fc.assert(property, { numRuns: 1_000, seed: 20_260_101 });
  });

  it('has the newest again once everything that was seen is put back, in whatever order', () => {
    const property = fc.property(
      fc.array(fc.constantFrom('commit', 'commit', 'login', 'logout'), {
        minLength: 1,
        maxLength: 12,
      }),
      fc.nat(11),
      fc.infiniteStream(fc.nat()),
      (kinds, back, order) => {
        const seen: State[] = [v1];
        kinds.forEach((kind, index) => {
          const last = seen.at(-1) as State;
          if (kind === 'login' || last.status === 'forgotten')
            seen.push(put(last, `${index}`, `L${index}`));
          else seen.push(kind === 'commit' ? commit(last, `${index}`).state : forget(last));
        });
        const newest = seen.at(-1) as State;
        // Back by no more logins than a record knows.
        const logins = new Set(seen.map(({ epoch }) => epoch));
        let state: State | undefined = logins.size > 4 ? undefined : seen[back % seen.length];
        const knowers = [...seen];
        while (knowers.length > 0) {
          const [known] = knowers.splice((order.next().value as number) % knowers.length, 1);
          state = restore(state, known as State).state;
        }
        if (logins.size <= 4)
          expect(state).toMatchObject({ epoch: newest.epoch, status: newest.status });
        expect(state?.version).toBeGreaterThan(0);
      },
    );
    fc.assert(property, { numRuns: 1_000, seed: 20_260_101 });
  });
});
