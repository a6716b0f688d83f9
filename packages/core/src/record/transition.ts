import type { TokenChange } from '../store/token-store.js';
import {
  EMPTY_RECORD,
  MOST_ENDED,
  MOST_SPENT,
  type RecordState,
  REMEMBERED,
  type TokenFacts,
} from './record-state.js';

/**
 * What one command does: the next state, its answer, and the change that is told to all replicas.
 *
 * @public
 */
export interface Transition<Body, Answer> {
  readonly state: RecordState<Body>;
  readonly answer: Answer;
  readonly change?: TokenChange['kind'];
}

/** A command that changes nothing. @internal */
export function unchanged<Body, Answer>(
  state: RecordState<Body>,
  answer: Answer,
): Transition<Body, Answer> {
  return { state, answer };
}

/** The state as it counts now: a tombstone whose time is over is an empty record that knows its seeds. @internal */
export function current<Body>(
  state: RecordState<Body> | undefined,
  now: number,
): RecordState<Body> {
  if (state === undefined) return EMPTY_RECORD;
  if (state.tombstoneUntil === undefined || state.tombstoneUntil > now) return state;
  const { seedFingerprints } = state;
  return seedFingerprints.length === 0 ? EMPTY_RECORD : { ...EMPTY_RECORD, seedFingerprints };
}

/** A state with some members replaced; `undefined` takes one away. @internal */
export const update = <Body>(
  state: RecordState<Body>,
  changes: Partial<RecordState<Body>>,
): RecordState<Body> => ({ ...state, ...changes });

/** The state with the first answer to an intent written down. @internal */
export function remember<Body>(
  state: RecordState<Body>,
  intentId: string,
  answer: { readonly kind: string },
): RecordState<Body> {
  const answers = [...state.answers, { intentId, answer: answer.kind }].slice(-REMEMBERED);
  return { ...state, answers };
}

/** The first answer of one of these kinds that an intent got before, if the record still knows. @internal */
export function recalled<Kind extends string>(
  state: RecordState<unknown>,
  intentId: string,
  kinds: readonly Kind[],
): Kind | undefined {
  const known = state.answers.find(
    ({ intentId: id, answer }) => id === intentId && (kinds as readonly string[]).includes(answer),
  );
  return known?.answer as Kind | undefined;
}

/** The spent fingerprints with one more, none twice. @internal */
export function spend(
  state: RecordState<unknown>,
  ...fingerprints: (string | undefined)[]
): readonly string[] {
  const spent = state.spentFingerprints.filter((known) => !fingerprints.includes(known));
  const added = fingerprints.filter((fingerprint) => fingerprint !== undefined);
  return [...spent, ...new Set(added)].slice(-MOST_SPENT);
}

/** The ended logins with one more; none where there never was one. @internal */
export function endEpoch(
  { endedEpochs = [] }: RecordState<unknown>,
  epoch: string,
): readonly string[] | undefined {
  const ended = epoch === '' ? endedEpochs : [...endedEpochs, epoch].slice(-MOST_ENDED);
  return ended.length === 0 ? undefined : ended;
}

/** Whether nothing of a key is stored that says that anything ever was: no tokens, no tombstone. A login may be under way. @internal */
export const isNeverWritten = ({
  version,
  epoch,
  seedFingerprints,
}: RecordState<unknown>): boolean =>
  // Behind a tombstone whose time is over there may be seeds.
  version === 0 && epoch === '' && seedFingerprints.length === 0;

/**
 * Whether a record has had a refresh token before, other than as its present one.
 *
 * @internal
 */
export function hasSpent(state: RecordState<unknown>, fingerprint: string): boolean {
  const { spentFingerprints, seedFingerprints, deadFingerprint } = state;
  return (
    deadFingerprint === fingerprint ||
    spentFingerprints.includes(fingerprint) ||
    seedFingerprints.includes(fingerprint)
  );
}

/** Whether a record has, or had, a refresh token. @internal */
export const hasKnown = (state: RecordState<unknown>, fingerprint: string): boolean =>
  state.facts?.refreshFingerprint === fingerprint || hasSpent(state, fingerprint);

/** When the index should offer a record with these facts. @internal */
export const scheduleOf = (keepFresh: boolean, facts: TokenFacts): number =>
  keepFresh ? facts.dueAt : Infinity;
