import type { Mutation } from './load-protocol.js';
import { SCENARIOS } from './scenarios.js';
import type { Scenario } from './world.js';

/** Production with one guard changed, and the property that has to fall. */
export interface Mutant {
  readonly name: string;
  /** None when the guard is the replica's own. */
  readonly mutation?: Mutation;
  readonly scenario: Scenario;
  /** What the counterexample begins with, and what it needs. */
  readonly caught: RegExp;
}

const COMMIT = 'record/commit-record.ts';
const BEGIN = 'record/begin-record.ts';
const SETTLE = 'record/settle-record.ts';
const PUT = 'record/put-record.ts';
const RESTORE = 'record/restore-record.ts';

/** A commit counts only for who holds the intent, as if that were a lock. */
const FENCED: Mutation = {
  file: COMMIT,
  find: 'if (state.version === command.base.version) return accept(',
  replace: `if (state.intent?.intentId !== command.intentId) {
    const answer = { kind: 'superseded' };
    return unchanged(remember(state, command.intentId, answer), answer);
  }
  if (state.version === command.base.version) return accept(`,
};

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'a commit that is fenced by the intent instead of the version',
    mutation: FENCED,
    scenario: SCENARIOS.successorGivesUp,
    caught: /^loss: .*\n.*send0 .*EXPIRE-takeover.*begin1.*commit0:superseded/s,
  },
  {
    name: 'the same at a server where the newest repetition wins',
    mutation: FENCED,
    scenario: SCENARIOS.newest,
    caught: /^loss: .*\n.*commit\d:superseded/s,
  },
  {
    name: 'a replica that does not look at its lease again before it sends',
    scenario: { ...SCENARIOS.strict, skips: 'lease at send' },
    caught: /^double spend: first use in hand\n.*EXPIRE-takeover.*AS\d.*AS\d$/s,
  },
  {
    name: 'an answer that comes too late and is not kept as a sibling',
    mutation: {
      file: COMMIT,
      find: "return unwanted ? unchanged(state, { kind: 'oldEpoch' }) : keepAsSibling(state, command, now);",
      replace: "return unchanged(state, { kind: unwanted ? 'oldEpoch' : 'superseded' });",
    },
    scenario: SCENARIOS.newest,
    caught: /^loss: .*\n.*AS0 .*AS1 .*commit\d:superseded/s,
  },
  {
    name: 'a dead refresh token that does not look for siblings',
    mutation: {
      file: SETTLE,
      find: 'if (state.siblings.length > 0) {\n    return tryNextSibling(update(state, { deadFingerprint }), command, now);',
      replace:
        'if (state.siblings.length > 4) {\n    return tryNextSibling(update(state, { deadFingerprint }), command, now);',
    },
    scenario: SCENARIOS.newest,
    caught: /^false reauthorization: .*commit\d:sibling.*settle\d:dead/s,
  },
  {
    name: 'a late answer that does not bring a given up record back to life',
    mutation: {
      file: COMMIT,
      find: "return state.status === 'reauthorizationRequired'\n",
      replace: "return state.status === 'empty'\n",
    },
    scenario: SCENARIOS.newest,
    caught: /^false reauthorization: .*settle\d:dead.*commit\d:sibling/s,
  },
  {
    name: 'an orphan that is taken over as soon as its lease is over',
    mutation: {
      file: BEGIN,
      find: 'takeoverAt: leaseUntil + command.takeoverMs,',
      replace: 'takeoverAt: leaseUntil,',
    },
    scenario: SCENARIOS.strict,
    caught: /^double spend: first use in hand\n.*send\d.*EXPIRE-lease.*begin\d.*AS\d/s,
  },
  {
    name: 'an intent that keeps nobody away',
    mutation: {
      file: BEGIN,
      find: 'const busyUntil = blockedUntil(state, command);',
      replace: 'const busyUntil = -Infinity;',
    },
    scenario: SCENARIOS.strict,
    caught: /^double spend: first use in hand\n(?!.*EXPIRE)/s,
  },
  {
    name: 'a commit of an old login that is not told so',
    mutation: {
      file: COMMIT,
      find: "if (state.epoch !== command.base.epoch) return unchanged(state, { kind: 'oldEpoch' });",
      replace: '',
    },
    scenario: SCENARIOS.strict,
    caught: /^epoch: .*LOGIN.*commit\d/s,
  },
  {
    name: 'a commit that does not remember its first answer',
    mutation: {
      file: COMMIT,
      find: 'if (before !== undefined) return unchanged(state, { kind: before });',
      replace: '',
    },
    scenario: SCENARIOS.strict,
    caught: /^repetition: commit answers 'superseded'/,
  },
  {
    name: 'a login that is stored again when its answer is repeated',
    mutation: {
      file: PUT,
      find: 'if (before !== undefined) return unchanged(state, { kind: before });',
      replace: '',
    },
    scenario: SCENARIOS.strict,
    caught: /^(repetition: put|version)/,
  },
  {
    name: 'a sibling whose refresh token was spent before',
    mutation: {
      file: COMMIT,
      find: 'fingerprint === undefined || known.includes(fingerprint)',
      replace: 'fingerprint === undefined',
    },
    scenario: SCENARIOS.repeating,
    caught: /^sibling: .*commit\d:sibling/s,
  },
  {
    name: 'an intent that anybody may settle',
    mutation: {
      file: SETTLE,
      find: "if (intent?.intentId !== command.intentId) return unchanged(state, { kind: 'notOwner' });",
      replace: "if (intent === undefined) return unchanged(state, { kind: 'notOwner' });",
    },
    scenario: SCENARIOS.strict,
    caught: /^double spend: first use in hand\n.*settle\d/s,
  },
  {
    name: 'a sibling that takes its place without a new version',
    mutation: {
      file: COMMIT,
      find: "version: state.version + 1,\n    status: 'active',\n    body: sibling.body,",
      replace: "version: state.version,\n    status: 'active',\n    body: sibling.body,",
    },
    scenario: SCENARIOS.newest,
    caught: /^version: grew by 0/,
  },
  {
    name: 'a tombstone that is no new login',
    mutation: {
      file: PUT,
      find: 'tombstoneOf(state, state.version + 1, command.newEpoch, now)',
      replace: 'tombstoneOf(state, state.version, state.epoch, now)',
    },
    scenario: SCENARIOS.forget,
    caught: /^(version|tombstone|repetition): /,
  },
  {
    name: 'a login that makes the refresh before it look unsent',
    mutation: {
      file: BEGIN,
      find: 'unsettled: orphan && { ...orphan, ambiguous: true },',
      replace: 'unsettled: undefined,',
    },
    scenario: SCENARIOS.selfLogin,
    caught: /^double spend: .*\n.*send0.*EXPIRE-lease.*settle1/s,
  },
  {
    name: 'a refresh that does not mind what was left behind since it was planned',
    mutation: {
      file: BEGIN,
      find: "if (isUnweighed(state, command)) return { kind: 'stale' };",
      replace: '',
    },
    scenario: SCENARIOS.selfLoginFaults,
    caught: /^double spend: .*\n.*start1.*begin0.*EXPIRE-takeover.*begin1 send1 AS1$/s,
  },
  {
    name: 'a record whose lost announcement nobody minds',
    mutation: {
      file: RESTORE,
      find: 'if (hasLostIntent(state, known, now)) {',
      replace: 'if (state.version < 0) {',
    },
    scenario: SCENARIOS.rolledBack,
    caught: /^double spend: announcement lost\n.*begin0.*ROLLBACK.*begin1.*AS1$/s,
  },
  {
    name: 'a replica that does not ask again whether the store has gone back before it announces a request',
    scenario: { ...SCENARIOS.rolledBack, skips: 'sweep at begin' },
    caught: /^double spend: announcement lost\n.*start1 .*ROLLBACK .*begin1/s,
  },
  {
    name: 'a record that is put back over a newer one',
    mutation: {
      file: RESTORE,
      find: '!isRestorable(known, now) || !isProvablyOlder(state, known)',
      replace: '!isRestorable(known, now)',
    },
    scenario: SCENARIOS.rolledBack,
    caught: /^version: .*sweep\d:restored/s,
  },
  {
    name: 'a record that is put back, and whose refresh token does not rest',
    mutation: {
      file: RESTORE,
      find: 'restUntil,\n    scheduledAt: scheduled ?',
      replace: 'scheduledAt: scheduled ?',
    },
    scenario: SCENARIOS.emptied,
    caught: /^double spend: announcement lost\n.*EMPTY.*sweep\d:restored/s,
  },
  {
    name: 'an answer that a store refuses which has lost what it was based on',
    mutation: {
      file: COMMIT,
      find: 'if (hasLost(state, command.base))',
      replace: 'if (state.version < 0)',
    },
    scenario: SCENARIOS.emptied,
    caught: /^loss: .*EMPTY.*commit\d:oldEpoch/s,
  },
];
