import {
  type RecordBody,
  type RecordCommands,
  type RecordState,
  type RecordVerb,
  type SettleOutcome,
  type TokenFacts,
  type TokenKey,
  type TouchCommand,
} from '@oauth-token/core';
import fc from 'fast-check';

/** A step of a random run, in small numbers, so that steps meet the same intents, tokens and versions again and again. */
export interface Step {
  readonly verb: RecordVerb | 'touch' | 'repeat';
  /** Which of the stores over one Redis takes it. */
  readonly replica: number;
  readonly key: number;
  readonly intent: number;
  /** Whether it ends the intent that is stored, whoever began it. */
  readonly follows: boolean;
  readonly token: number;
  /** How many versions the base of a commit is behind; before the store when that has lost some. */
  readonly behind: number;
  readonly login: boolean;
  readonly wait: number;
  readonly choice: number;
}

/** A step as it is sent. */
export type Sent = {
  [Verb in RecordVerb]: {
    readonly verb: Verb;
    readonly key: TokenKey;
    readonly command: RecordCommands<RecordBody>[Verb];
  };
}[Exclude<RecordVerb, 'restore'>];

/** A restore as it is sent: each place puts back what it has answered itself. */
export interface Restore {
  readonly verb: 'restore';
  readonly key: TokenKey;
  readonly intentId: string;
  /** Which of the states that were answered, counted back from the last. */
  readonly back: number;
  /** How many versions further on it is put back, as by who has seen those. */
  readonly ahead: number;
  readonly restMs: number;
}

/** A use, or a parking, as it is sent. */
export interface Touch {
  readonly verb: 'touch';
  readonly key: TokenKey;
  readonly command: TouchCommand;
}

const DAY_MS = 24 * 3_600_000;

const times = <Value>(count: number, value: Value): readonly Value[] =>
  Array.from({ length: count }, () => value);

/** Runs of steps over three keys and two replicas. */
export const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.record<Step>({
    verb: fc.constantFrom(
      ...times(4, 'begin' as const),
      ...times(4, 'commit' as const),
      ...times(5, 'settle' as const),
      ...(['put', 'put', 'forget', 'forget', 'touch', 'repeat', 'repeat'] as const),
      ...times(3, 'restore' as const),
    ),
    replica: fc.nat(1),
    key: fc.constantFrom(0, 0, 0, 1, 2),
    intent: fc.nat(5),
    follows: fc.constantFrom(true, true, true, true, false),
    token: fc.nat(8),
    behind: fc.constantFrom(0, 0, 1, 2, -2),
    login: fc.boolean(),
    wait: fc.constantFrom(0, 0, 10, 500, 4_000, 100_000, DAY_MS),
    choice: fc.nat(11),
  }),
  { minLength: 1, maxLength: 24, size: 'max' },
);

export const KEYS: readonly TokenKey[] = [
  { registrationId: 'acme' },
  { registrationId: 'acme', subject: 'anna' },
  { registrationId: 'acme', scope: ['read', 'write'], resource: ['https://api.example.com'] },
];

/** The step as a command on what is stored now; one that has nothing to end begins something. */
export function commandOf(
  step: Step,
  state: RecordState<unknown> | undefined,
  now: number,
): Sent | Touch | Restore {
  const { behind, login, choice } = step;
  const isIdle = step.verb === 'settle' && step.follows && state?.intent === undefined;
  const verb = step.verb === 'repeat' || isIdle ? 'begin' : step.verb;
  const key = KEYS[step.key] as TokenKey;
  const own = `intent-${step.intent}`;
  const intentId = step.follows && verb === 'settle' ? (state?.intent?.intentId ?? own) : own;
  const late = verb === 'commit' || choice === 3 ? behind : 0;
  const base = { version: Math.max(0, (state?.version ?? 0) - late), epoch: state?.epoch ?? '' };
  const common = { intentId, base, reason: 'due' as const };
  const fresh = { facts: factsOf(step, now), body: bodyOf(step, key, now), keepFresh: choice > 1 };
  switch (verb) {
    case 'begin': {
      const kind = login ? 'login' : 'refresh';
      const fingerprint = (login ? undefined : state?.facts?.refreshFingerprint) ?? 'grant';
      const settings = `settings-${choice % 2}`;
      const rules = { leaseMs: 3_000, takeoverMs: 1_000, force: choice === 0, settings };
      const sender = { owner: `process-${step.replica}`, kind, fingerprint } as const;
      const empty = { body: { key }, keepFresh: choice > 1 };
      return { verb, key, command: { ...common, ...sender, ...rules, fresh: empty } };
    }
    case 'commit': {
      const defect = { failure: failureAt(now), retryAt: now + 700 };
      const rest = {
        ...(login && { newEpoch: `login-${step.intent}` }),
        ...(choice > 9 && { defect }),
      };
      return { verb, key, command: { ...common, ...fresh, ...rest } };
    }
    case 'settle':
      return { verb, key, command: { ...common, outcome: outcomeOf(choice, login, now) } };
    case 'put': {
      const rest = {
        ...(choice < 4 && { expectedVersion: base.version }),
        seed: choice > 5,
        ...(login && { grantFingerprint: 'grant' }),
      };
      const command = { intentId, reason: 'login', newEpoch: `put-${step.intent}` } as const;
      return { verb, key, command: { ...command, ...fresh, ...rest } };
    }
    case 'forget':
      return {
        verb,
        key,
        command: {
          intentId,
          newEpoch: `gone-${step.intent}`,
          ...(choice < 3 && { expectedVersion: Math.max(0, base.version - behind) }),
        },
      };
    case 'restore':
      return { verb, key, intentId, back: step.token, ahead: choice % 4, restMs: 100 * choice };
    case 'touch':
      return { verb, key, command: login ? { usedAt: now - choice } : { parkUntil: now + 9_000 } };
  }
}

const failureAt = (since: number) =>
  ({ outcome: 'transient', code: 'some_error', message: 'It failed.', since }) as const;

function outcomeOf(choice: number, canLogin: boolean, now: number): SettleOutcome {
  const failure = failureAt(now);
  const outcomes: readonly SettleOutcome[] = [
    { kind: 'notSent' },
    { kind: 'backoff', until: now + 500, failure, ...(choice > 5 && { settings: 'settings-1' }) },
    { kind: 'tooEarly', until: now + 500 },
    { kind: 'ambiguous', failure },
    { kind: 'dead', canLogin, failure },
    { kind: 'loginRefused', failure },
  ];
  return outcomes[choice % outcomes.length] as SettleOutcome;
}

const factsOf = ({ token, choice }: Step, now: number): TokenFacts => ({
  issuedAt: now,
  expiresAt: now + 1_000,
  dueAt: choice === 5 ? Infinity : now + 800,
  ...(choice !== 6 && { refreshFingerprint: `fingerprint-${token}` }),
  ...(choice === 7 && { refreshTokenExpiresAt: now + 5_000 }),
});

const bodyOf = ({ token, choice }: Step, key: TokenKey, now: number): RecordBody => ({
  key,
  tokens: {
    accessToken: `access-${token}-${now}`,
    tokenType: 'Bearer',
    issuedAt: now,
    expiresAt: now + 1_000,
    ...(choice !== 6 && { refreshToken: `refresh-${token}` }),
    extras: { instance_url: 'https://example.com/ü', nested: [1, null, { deep: true }] },
  },
});
