import type { JournalEntry, SpillJournal } from '../journal/spill-journal.js';
import { isSpillJournalError } from '../journal/spill-journal-error.js';
import type { TokenKey } from '../model/token-key.js';
import type { CommitAnswer, CommitCommand } from '../record/record-command.js';
import type { RecordBody, TokenStore } from '../store/token-store.js';
import type { Clock, Timer } from '../timing/clock.js';

/** How often the answers that dead processes have left are looked for, ms. */
const LOOK_EVERY_MS = 15_000;

/**
 * How long the store has to answer a commit before its answer is written down, ms. A commit leaves this process in the same turn of the
 * event loop, so that a store that is there gets it even if the process dies within that time.
 */
const GATHER_MS = 5;

/** An answer of a token request as its commit. @internal */
export interface KeptAnswer {
  readonly key: TokenKey;
  readonly command: CommitCommand<RecordBody>;
}

/**
 * Keeps the answers of token requests on this machine until the store has confirmed them, sealed by the store, and hands over those that
 * dead processes have left.
 *
 * @internal
 */
export class AnswerJournal {
  /** Answers whose commit has just been sent. */
  readonly #noted = new Map<string, KeptAnswer>();
  #writing: Timer | undefined;
  #timer: Timer | undefined;
  #failing = false;
  #ended = false;

  constructor(
    private readonly spill: SpillJournal,
    private readonly store: Pick<TokenStore, 'seal' | 'open' | 'idOf'>,
    private readonly clock: Clock,
  ) {}

  /** Starts, and hands over what was left: now, and whenever another process dies. */
  async start(replay: (answer: KeptAnswer) => void): Promise<void> {
    const { entries, warnings } = await this.spill.start();
    this.#handOver(entries, warnings, replay);
    if (this.spill.writable) this.#lookLater(replay);
  }

  /**
   * Notes an answer whose commit is under way. It is written down a moment later, unless the store has answered by then: what the store
   * has needs no journal. An answer without a refresh token can be had again, and is not kept.
   */
  keep(answer: KeptAnswer): void {
    if (answer.command.body.tokens?.refreshToken === undefined) return;
    this.#noted.set(answer.command.intentId, answer);
    this.#writing ??= this.clock.setTimer(() => {
      this.#writing = undefined;
      for (const intentId of this.#noted.keys()) void this.write(intentId);
    }, GATHER_MS);
  }

  /** Writes a noted answer down now. Resolves once it is on the disk, or known not to be; never rejects. */
  async write(intentId: string): Promise<void> {
    const answer = this.#noted.get(intentId);
    if (answer === undefined) return;
    this.#noted.delete(intentId);
    const context = this.store.idOf(answer.key);
    try {
      const plain = Buffer.from(JSON.stringify(answer));
      const sealed = this.store.seal(plain, contextOf(context));
      await this.spill.append({ id: intentId, context, sealed });
      this.#failing = false;
    } catch (error) {
      this.#warnOnce(error);
    }
  }

  /** The store has answered a commit: with that, its answer is safe, or needed no more. */
  settled({ intentId }: CommitCommand<RecordBody>, { kind }: CommitAnswer): void {
    if (this.#noted.delete(intentId)) return;
    if (kind !== 'tooOld') {
      this.spill.confirm(intentId);
      return;
    }
    const reason = 'the record has moved on too far to tell whether its tokens are older';
    this.spill.quarantine(intentId, reason).catch(() => undefined);
  }

  /** Looks no more for what others have left. */
  end(): void {
    this.#ended = true;
    this.#timer?.cancel();
    this.#writing?.cancel();
  }

  #lookLater(replay: (answer: KeptAnswer) => void): void {
    this.#timer = this.clock.setTimer(() => {
      void this.spill.adoptOrphans().then(({ entries, warnings }) => {
        if (this.#ended) return;
        this.#handOver(entries, warnings, replay);
        this.#lookLater(replay);
      });
    }, LOOK_EVERY_MS);
  }

  #handOver(
    entries: readonly JournalEntry[],
    warnings: readonly string[],
    replay: (answer: KeptAnswer) => void,
  ): void {
    for (const warning of warnings) warn(warning);
    for (const entry of entries) {
      const answer = this.#open(entry);
      if (answer !== undefined) replay(answer);
    }
  }

  /** What does not open stays where it is: its key may only be missing here. */
  #open({ id, context, sealed }: JournalEntry): KeptAnswer | undefined {
    try {
      const text = Buffer.from(this.store.open(sealed, contextOf(context))).toString();
      return JSON.parse(text, reviveInfinity) as KeptAnswer;
    } catch (error) {
      const why = error instanceof Error ? error.message : 'it is damaged';
      warn(`An answer in the spill journal (${id}) cannot be opened and stays there: ${why}`);
      return undefined;
    }
  }

  /** A journal that could never be kept has said so when it was started. */
  #warnOnce(error: unknown): void {
    if (this.#failing || (isSpillJournalError(error) && error.reason === 'not_writable')) return;
    this.#failing = true;
    const why = error instanceof Error ? error.message : String(error);
    warn(
      `${why} Should this process die while the store is away, a refresh token that was just rotated is lost.`,
    );
  }
}

function warn(message: string): void {
  process.emitWarning(message, { code: 'OAUTH_TOKEN_JOURNAL' });
}

const contextOf = (id: string): string => `journal|${id}`;

/** JSON writes a token that is never due as `null`. */
const reviveInfinity = (name: string, value: unknown): unknown =>
  name === 'dueAt' && value === null ? Infinity : value;
