import type { RecordState } from '@oauth-token/core';

/** A state without its bodies. @internal */
export type PlainState = Omit<RecordState<never>, 'body' | 'siblings'> & {
  readonly siblings: readonly Omit<RecordState<never>['siblings'][number], 'body'>[];
};

/** The format of records; a process that meets a newer one leaves the record alone. */
export const RECORD_FORMAT = 1;

/** Texts in a row: those of one length, as ids and fingerprints are, behind that length. */
type Row = readonly string[] | readonly [width: number, texts: string];

type Facts = NonNullable<PlainState['facts']>;

/** Facts in a row. */
type PackedFacts = readonly [
  issuedAt: number,
  expiresAt: number,
  dueAt: number | null,
  refreshFingerprint?: string | null,
  refreshTokenExpiresAt?: number,
];

type LastRenewal = NonNullable<PlainState['lastRenewal']>;

/** As it is kept, member by member; JSON leaves out what is undefined, and writes `Infinity` as `null`. */
type Packed = {
  readonly [
    Member in keyof Required<
      Omit<
        PlainState,
        | 'answers'
        | 'spentFingerprints'
        | 'seedFingerprints'
        | 'siblings'
        | 'facts'
        | 'lastRenewal'
        | 'scheduledAt'
      >
    >
  ]: PlainState[Member];
} & {
  readonly format: number;
  readonly scheduledAt: number | null;
  readonly facts: PackedFacts | undefined;
  readonly last:
    readonly [LastRenewal['at'], LastRenewal['outcome'], LastRenewal['reason']] | undefined;
  /** The intents that were answered, and the answers: one when they are all the same. */
  readonly asked: Row;
  readonly answered: string | readonly string[];
  readonly spent: Row;
  readonly seeds: readonly string[] | undefined;
  readonly siblings: readonly (readonly [intentId: string, facts: PackedFacts])[] | undefined;
};

/** The state without its bodies as it is kept: JSON. @internal */
export function encodeMeta(state: PlainState): string {
  const { lastRenewal: last } = state;
  const kinds = state.answers.map(({ answer }) => answer);
  const packed: Packed = {
    format: RECORD_FORMAT,
    version: state.version,
    epoch: state.epoch,
    status: state.status,
    facts: state.facts && packFacts(state.facts),
    keepFresh: state.keepFresh,
    scheduledAt: state.scheduledAt,
    intent: state.intent,
    backoff: state.backoff,
    failure: state.failure,
    last: last && [last.at, last.outcome, last.reason],
    usedAt: state.usedAt,
    deadFingerprint: state.deadFingerprint,
    refusedGrant: state.refusedGrant,
    tombstoneUntil: state.tombstoneUntil,
    restUntil: state.restUntil,
    endedEpochs: state.endedEpochs,
    asked: toRow(state.answers.map(({ intentId }) => intentId)),
    answered: kinds.every((kind) => kind === kinds[0]) ? (kinds[0] ?? '') : kinds,
    spent: toRow(state.spentFingerprints),
    seeds: state.seedFingerprints.length === 0 ? undefined : state.seedFingerprints,
    siblings:
      state.siblings.length === 0
        ? undefined
        : state.siblings.map(({ intentId, facts }) => [intentId, packFacts(facts)]),
  };
  return JSON.stringify(packed);
}

/** The state, or nothing when this is not ours or of another format. @internal */
export function decodeMeta(text: string | undefined): PlainState | undefined {
  if (text === undefined) return undefined;
  try {
    const packed = JSON.parse(text) as Partial<Packed> | null;
    const ours = packed?.format === RECORD_FORMAT && typeof packed.version === 'number';
    return ours ? unpack(packed as Packed) : undefined;
  } catch {
    return undefined;
  }
}

function unpack(packed: Packed): PlainState {
  const { asked, answered, spent, seeds = [], siblings = [], facts, last, ...plain } = packed;
  Reflect.deleteProperty(plain, 'format');
  return {
    ...plain,
    ...(facts === undefined ? {} : { facts: unpackFacts(facts) }),
    ...(last === undefined
      ? {}
      : { lastRenewal: { at: last[0], outcome: last[1], reason: last[2] } }),
    scheduledAt: plain.scheduledAt ?? Infinity,
    answers: fromRow(asked).map((intentId, index) => ({
      intentId,
      answer: typeof answered === 'string' ? answered : (answered[index] ?? ''),
    })),
    spentFingerprints: fromRow(spent),
    seedFingerprints: seeds,
    siblings: siblings.map(([intentId, own]) => ({ intentId, facts: unpackFacts(own) })),
  };
}

function packFacts(facts: Facts): PackedFacts {
  const { issuedAt, expiresAt, dueAt, refreshFingerprint, refreshTokenExpiresAt } = facts;
  const times = [issuedAt, expiresAt, dueAt] as const;
  if (refreshTokenExpiresAt !== undefined) {
    return [...times, refreshFingerprint ?? null, refreshTokenExpiresAt];
  }
  return refreshFingerprint === undefined ? times : [...times, refreshFingerprint];
}

/** What nothing can renew is never due. */
function unpackFacts(packed: PackedFacts): Facts {
  const [issuedAt, expiresAt, dueAt, refreshFingerprint, refreshTokenExpiresAt] = packed;
  return {
    issuedAt,
    expiresAt,
    dueAt: dueAt ?? Infinity,
    ...(refreshFingerprint == null ? {} : { refreshFingerprint }),
    ...(refreshTokenExpiresAt === undefined ? {} : { refreshTokenExpiresAt }),
  };
}

function toRow(texts: readonly string[]): Row {
  const width = texts[0]?.length ?? 0;
  const even = width > 0 && texts.every((text) => text.length === width);
  return even ? [width, texts.join('')] : texts;
}

function fromRow(row: Row): readonly string[] {
  const [width, text = ''] = row;
  if (typeof width !== 'number') return row as readonly string[];
  return Array.from({ length: text.length / width }, (_, index) =>
    text.slice(index * width, (index + 1) * width),
  );
}
