import {
  type RecordCommands,
  type RecordState,
  type RecordVerb,
  reduceRecord,
  type TokenFacts,
} from '@oauth-token/core';
import fc from 'fast-check';

type State = RecordState<string> | undefined;

/** What a store does that loses nothing. */
type Verb = Exclude<RecordVerb, 'restore'>;

interface Step {
  readonly verb: Verb;
  readonly intent: number;
  readonly token: number;
  readonly behind: number;
  readonly login: boolean;
  readonly wait: number;
  readonly outcome: number;
}

const step = fc.record<Step>({
  verb: fc.constantFrom('begin', 'commit', 'settle', 'put', 'forget'),
  intent: fc.nat(12),
  token: fc.nat(8),
  behind: fc.constantFrom(0, 0, 0, 1, 2),
  login: fc.boolean(),
  wait: fc.constantFrom(0, 10, 5_000, 100_000),
  outcome: fc.nat(5),
});

const failure = { outcome: 'transient', code: 'c', message: 'm', since: 0 } as const;

const factsOf = (token: number, now: number): TokenFacts => ({
  issuedAt: now,
  expiresAt: now + 1_000,
  dueAt: now + 800,
  refreshFingerprint: `fp${token}`,
});

function commandOf(
  { verb, intent, token, behind, login, outcome }: Step,
  state: State,
  now: number,
): RecordCommands<string>[Verb] {
  const base = { version: Math.max(0, (state?.version ?? 0) - behind), epoch: state?.epoch ?? '' };
  const intentId = `i${intent}`;
  const kind = login ? 'login' : 'refresh';
  const body = `body${token}`;
  const common = { intentId, base, reason: 'due' as const, keepFresh: true };
  const outcomes = [
    { kind: 'notSent' },
    { kind: 'backoff', until: now + 500, failure },
    { kind: 'tooEarly', until: now + 500 },
    { kind: 'ambiguous', failure },
    { kind: 'dead', canLogin: login, failure },
    { kind: 'loginRefused', failure },
  ] as const;
  const commands: Pick<RecordCommands<string>, Verb> = {
    begin: {
      ...common,
      owner: 'o',
      kind,
      fingerprint: state?.facts?.refreshFingerprint ?? 'grant',
      leaseMs: 3_000,
      takeoverMs: 1_000,
      force: false,
      settings: 's',
      fresh: { body: 'key', keepFresh: true },
    },
    commit: {
      ...common,
      body,
      facts: factsOf(token, now),
      ...(login ? { newEpoch: `e${intent}` } : {}),
    },
    settle: { ...common, outcome: outcomes[outcome] ?? outcomes[0] },
    put: { ...common, newEpoch: `p${intent}`, body, facts: factsOf(token, now) },
    forget: { intentId, newEpoch: `f${intent}` },
  };
  return commands[verb];
}

/** Runs the steps and shows each transition to `look`. */
function walk(
  steps: readonly Step[],
  look: (about: {
    before: State;
    verb: Verb;
    command: RecordCommands<string>[Verb];
    after: RecordState<string>;
    answer: { kind: string };
    now: number;
  }) => void,
): void {
  let state: State;
  let now = 1_000_000;
  for (const one of steps) {
    now += one.wait;
    const command = commandOf(one, state, now);
    const { state: after, answer } = reduceRecord(state, one.verb, command, now);
    look({ before: state, verb: one.verb, command, after, answer, now });
    state = after;
  }
}

const runs = { numRuns: 2_000, seed: 20_260_101 };

describe('reduceRecord', () => {
  it('repeats the first answer and changes nothing when a write is repeated', () => {
    const property = fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      walk(steps, ({ verb, command, after, answer, now }) => {
        if (
          !['committed', 'sibling', 'put', 'forgotten', 'dead', 'settled', 'ok'].includes(
            answer.kind,
          )
        )
          return;
        const again = reduceRecord(after, verb, command, now);
        // An answer that was found again by a begun intent does not tell of an orphan twice.
        expect(again.answer.kind).toBe(answer.kind);
        expect(again.state.version).toBe(after.version);
        expect(again.state.facts).toEqual(after.facts);
        expect(again.state.siblings).toEqual(after.siblings);
      });
    });
    fc.assert(property, runs);
  });

  it('never goes back: the version grows by one with each write of tokens and stays otherwise', () => {
    const property = fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      walk(steps, ({ before, after, answer }) => {
        const writes = ['committed', 'put', 'forgotten', 'trySibling'].includes(answer.kind);
        const grown = after.version - (before?.version ?? 0);
        const replayed = writes && grown === 0 && after === before;
        const healed = answer.kind === 'sibling' && before?.status === 'reauthorizationRequired';
        if (replayed) return;
        expect(grown).toBe(writes || (healed && grown === 1) ? 1 : 0);
      });
    });
    fc.assert(property, runs);
  });

  it('accepts a commit if and only if it is based on the stored version and epoch', () => {
    const property = fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      walk(steps, ({ before, verb, command, after, answer }) => {
        if (verb !== 'commit' || after === before) return;
        const { base } = command as RecordCommands<string>['commit'];
        const current =
          base.version === (before?.version ?? 0) && base.epoch === (before?.epoch ?? '');
        expect(answer.kind === 'committed').toBe(current);
      });
    });
    fc.assert(property, runs);
  });

  it('keeps at most four siblings and lets no spent refresh token become the present one by lateness', () => {
    const property = fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      walk(steps, ({ before, verb, command, after, answer }) => {
        expect(after.siblings.length).toBeLessThanOrEqual(4);
        expect(after.answers.length).toBeLessThanOrEqual(16);
        if (verb !== 'commit' || answer.kind !== 'sibling' || after === before) return;
        const { refreshFingerprint } = (command as RecordCommands<string>['commit']).facts;
        expect(before?.spentFingerprints).not.toContain(refreshFingerprint);
        expect(before?.facts?.refreshFingerprint).not.toBe(refreshFingerprint);
      });
    });
    fc.assert(property, runs);
  });

  it('leaves nothing secret in a tombstone and lets no late commit bring tokens back', () => {
    const property = fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      walk(steps, ({ before, verb, after, now }) => {
        if (after.status !== 'forgotten' || after.version === 0) return;
        expect(after.siblings).toEqual([]);
        expect(after.body === undefined || after.body === 'key').toBe(true);
        if (verb === 'commit' && before?.status === 'forgotten') {
          expect(after.tombstoneUntil).toBeGreaterThan(now);
        }
      });
    });
    fc.assert(property, runs);
  });
});
