import type { JournalEntry, SpillJournal } from '../journal/spill-journal.js';
import { isSpillJournalError } from '../journal/spill-journal-error.js';
import { isSealError } from '../seal/seal-error.js';
import type { TokenKey } from '../model/token-key.js';
import type { CommitAnswer, CommitCommand } from '../record/record-command.js';
import type { RecordBody, TokenStore } from '../store/token-store.js';
import type { Clock, Timer } from '../timing/clock.js';
import { BoundedMap } from '../util/bounded-map.js';
import { twoTurns } from '../util/two-turns.js';

/** How often the answers that dead processes have left are looked for, ms. */
const LOOK_EVERY_MS = 15_000;

/**
 * How long the store has to answer a commit before its answer is written down, ms. A commit leaves this process in the same turn of the
 * event loop, so that a store that is there gets it even if the process dies within that time.
 */
const GATHER_MS = 5;

const MOST_UNOPENED = 1_000;

/** An answer of a token request as its commit. @internal */
export interface KeptAnswer {
  readonly key: TokenKey;
  readonly command: CommitCommand<RecordBody>;
}

/** An answer that may have to be written down. */
interface Noted extends KeptAnswer {
  /** Monotonic, ms. */
  readonly at: number;
}

/** Commits an answer that was left; resolves when that has been tried. @internal */
export type Replay = (answer: KeptAnswer) => Promise<void>;

/**
 * Keeps the answers of token requests on this machine until the store has confirmed them, sealed by the store, and hands over those that
 * dead processes have left.
 *
 * @internal
 */
export class AnswerJournal {
  /** Answers whose commit has just been sent. */
  readonly #noted = new Map<string, Noted>();
  /** Those that are on their way to the disk. */
  readonly #writes = new Map<string, Promise<void>>();
  #replay: Replay | undefined;
  #writing: Timer | undefined;
  #timer: Timer | undefined;
  /** Entries that did not open: each is told of once. */
  readonly #unopened = new BoundedMap<string, true>(MOST_UNOPENED);
  readonly #isMine = (entry: JournalEntry): boolean => this.#open(entry) !== undefined;
  #failing = false;
  #ended = false;

  constructor(
    private readonly spill: SpillJournal,
    private readonly store: Pick<TokenStore, 'seal' | 'open' | 'idOf' | 'fingerprint' | 'identity'>,
    private readonly clock: Clock,
  ) {}

  /** Starts, and hands over what was left: now, and whenever another process dies. */
  async start(replay: Replay): Promise<void> {
    this.#replay = replay;
    const { entries, warnings } = await this.spill.start(this.#isMine);
    // What the store does not take now is tried again behind.
    void this.#handOver(entries, warnings, replay);
    if (this.spill.writable) this.#lookLater();
  }

  /**
   * Notes an answer whose commit is under way. It is written down a moment later, unless the store has answered by then: what the store
   * has needs no journal. An answer without a refresh token can be had again, and is not kept.
   */
  keep(answer: KeptAnswer): void {
    if (answer.command.body.tokens?.refreshToken === undefined) return;
    this.#noted.set(answer.command.intentId, { ...answer, at: this.clock.monotonic() });
    this.#writing ??= this.#writeLater();
  }

  #writeLater(): Timer {
    return this.clock.setTimer(() => {
      const before = this.clock.monotonic() - GATHER_MS;
      // What the store has answered may not have been read, this process being busy.
      twoTurns(() => {
        for (const [intentId, { at }] of this.#noted) if (at <= before) void this.write(intentId);
        this.#writing = this.#noted.size > 0 && !this.#ended ? this.#writeLater() : undefined;
      });
    }, GATHER_MS);
  }

  /** Writes a noted answer down now. Resolves once it is on the disk, or known not to be; never rejects. */
  write(intentId: string): Promise<void> {
    const answer = this.#noted.get(intentId);
    if (answer === undefined) return this.#writes.get(intentId) ?? Promise.resolve();
    this.#noted.delete(intentId);
    const { key, command } = answer;
    const written = this.#append(intentId, { key, command }).finally(() =>
      this.#writes.delete(intentId),
    );
    this.#writes.set(intentId, written);
    return written;
  }

  async #append(intentId: string, answer: KeptAnswer): Promise<void> {
    const context = `${this.#storeName()} ${this.store.idOf(answer.key)}`;
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
    if (kind === 'tooOld') {
      this.putAside(
        intentId,
        'the record has moved on too far to tell whether its tokens are older',
      );
    } else if (!this.#noted.delete(intentId)) {
      this.spill.confirm(intentId);
    }
  }

  /** Keeps an answer that must not be used any more, for a person to look at. */
  putAside(intentId: string, reason: string): void {
    const aside = this.write(intentId).then(() => this.spill.quarantine(intentId, reason));
    aside.catch(() => undefined);
  }

  /** Hands over what was left by processes that are dead by now; resolves when all of it has been tried. */
  async look(): Promise<void> {
    if (this.#replay === undefined || !this.spill.writable) return;
    const { entries, warnings } = await this.spill.adoptOrphans(this.#isMine);
    await this.#handOver(entries, warnings, this.#replay);
  }

  /** Looks no more for what others have left. */
  end(): void {
    this.#ended = true;
    this.#timer?.cancel();
    this.#writing?.cancel();
  }

  #lookLater(): void {
    this.#timer = this.clock.setTimer(() => {
      void this.look().then(() => {
        if (!this.#ended) this.#lookLater();
      });
    }, LOOK_EVERY_MS);
  }

  async #handOver(
    entries: readonly JournalEntry[],
    warnings: readonly string[],
    replay: Replay,
  ): Promise<void> {
    for (const warning of warnings) warn(warning);
    const answers = entries.flatMap((entry) => this.#open(entry) ?? []);
    await Promise.all(answers.map((answer) => replay(answer)));
  }

  /** What does not open stays where it is: its key may only be missing here. */
  #open({ id, context, sealed }: JournalEntry): KeptAnswer | undefined {
    if (!context.startsWith(`${this.#storeName()} `)) return undefined;
    try {
      const text = Buffer.from(this.store.open(sealed, contextOf(context))).toString();
      return JSON.parse(text, reviveInfinity) as KeptAnswer;
    } catch (error) {
      const why = isSealError(error) ? error.message : 'it is damaged.';
      if (this.#unopened.has(id)) return undefined;
      this.#unopened.set(id, true);
      warn(`An answer in the spill journal (${id}) cannot be opened and stays there: ${why}`);
      return undefined;
    }
  }

  /** Whoever shares the folder for another store cannot use what is ours, nor we theirs. */
  #storeName(): string {
    return this.store.fingerprint(`journal ${this.store.identity}`);
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
