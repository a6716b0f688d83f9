import { beginRecord } from './begin-record.js';
import { commitRecord } from './commit-record.js';
import { forgetRecord, putRecord } from './put-record.js';
import type {
  BeginAnswer,
  BeginCommand,
  CommitAnswer,
  CommitCommand,
  ForgetAnswer,
  ForgetCommand,
  PutAnswer,
  PutCommand,
  RestoreAnswer,
  RestoreCommand,
  SettleAnswer,
  SettleCommand,
} from './record-command.js';
import type { RecordState } from './record-state.js';
import { restoreRecord } from './restore-record.js';
import { settleRecord } from './settle-record.js';
import { current, type Transition } from './transition.js';

/**
 * The commands of a record's life by name.
 *
 * @public
 */
export interface RecordCommands<Body> {
  readonly begin: BeginCommand<Body>;
  readonly commit: CommitCommand<Body>;
  readonly settle: SettleCommand;
  readonly put: PutCommand<Body>;
  readonly forget: ForgetCommand;
  readonly restore: RestoreCommand<Body>;
}

/** The answers to them. @public */
export interface RecordAnswers {
  readonly begin: BeginAnswer;
  readonly commit: CommitAnswer;
  readonly settle: SettleAnswer;
  readonly put: PutAnswer;
  readonly forget: ForgetAnswer;
  readonly restore: RestoreAnswer;
}

/** The name of a command. @public */
export type RecordVerb = keyof RecordAnswers;

type Verbs<Body> = {
  [Verb in RecordVerb]: (
    state: RecordState<Body>,
    command: RecordCommands<Body>[Verb],
    now: number,
  ) => Transition<Body, RecordAnswers[Verb]>;
};

const VERBS: Verbs<never> = {
  begin: beginRecord,
  commit: commitRecord,
  settle: settleRecord,
  put: putRecord,
  forget: forgetRecord,
  restore: restoreRecord,
};

/**
 * The whole life of a record as one pure function: every store runs this, or an atomic form of it.
 *
 * Time is the store's, epoch ms. Repeating a command by the same intent id repeats its first answer and changes nothing.
 *
 * @public
 */
export function reduceRecord<Body, Verb extends RecordVerb>(
  stored: RecordState<Body> | undefined,
  verb: Verb,
  command: RecordCommands<Body>[Verb],
  now: number,
): Transition<Body, RecordAnswers[Verb]> {
  const verbs = VERBS as unknown as Verbs<Body>;
  return verbs[verb](current(stored, now), command, now);
}
