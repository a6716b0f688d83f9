import type { Server } from './authorization-server.js';
import type { State, StoredState } from './model-store.js';
import type { Budget, Orphan, Replica, World } from './world.js';

/** Numbers the parts of worlds: equal ones alike, and each object only once, since parts live on in the worlds after theirs. */
class Numbering<Part extends object> {
  readonly #byObject = new WeakMap<Part, number>();
  readonly #byText = new Map<string, number>();

  constructor(private readonly textOf: (part: Part) => string) {}

  of(part: Part): number {
    const known = this.#byObject.get(part);
    if (known !== undefined) return known;
    const text = this.textOf(part);
    const number = this.#byText.get(text) ?? this.#byText.size;
    this.#byText.set(text, number);
    this.#byObject.set(part, number);
    return number;
  }
}

/**
 * Makes short texts that are the same for worlds in which the same can happen: only how long ago or ahead something is matters, which of
 * the intents is whose, and what those will be told that may ask yet. Replicas have no names: their order says nothing.
 */
export class WorldKeys {
  readonly #servers = new Numbering<Server>((server) => JSON.stringify(server));

  of(world: World): string {
    const { record, server, snapshot, orphans, lostPut, now, left } = world;
    const names = namesOf(world);
    const rest = orphans.map((orphan) => orphanOf(orphan, names, now)).join();
    const stored = `${this.#recordOf(record, names, now)} ${this.#recordOf(snapshot, names, now)}`;
    // Where the time of a repetition ends, the clock itself matters.
    const clock = server.some(({ repeatUntil }) => isTime(repeatUntil)) ? now : '';
    const replicas = this.#replicasOf(world, names);
    const login = lostPut && `${names.indexOf(lostPut.intentId)}${lostPut.newEpoch}`;
    return `${stored}|${replicas}|${this.#servers.of(server)} ${budgetOf(left)} ${clock} ${login} ${rest}`;
  }

  #replicasOf(world: World, names: Names): string {
    const { replicas, memories, record, now } = world;
    const texts = replicas.map((replica, index) => {
      const { startVersion, seenIntentId, intentId, beganAt } = replica;
      const memory = memories[index];
      // A version that was left behind does not come back, but where the store does.
      const hasMoved = startVersion !== (record.state?.version ?? 0);
      const start = memory === undefined && hasMoved ? '' : startVersion;
      const own = `${names.indexOf(intentId)} ${names.indexOf(seenIntentId)} ${intentId && now - beganAt}`;
      const text = `${replicaOf(replica)} ${start} ${own}`;
      if (memory === undefined) return text;
      return `${text} ${this.#recordOf(memory.known, names, now)} ${memory.heard} ${memory.swept}`;
    });
    return texts.sort().join();
  }

  #recordOf(stored: StoredState | undefined, names: Names, now: number): string {
    if (stored === undefined) return '';
    const { intent, restUntil, backoff, answers = [] } = stored.state ?? {};
    let text = `${stored.bareId} ${intentOf(intent, names, now)}`;
    text += `${intentOf(intent?.unsettled, names, now)} ${ahead(restUntil, now)} ${ahead(backoff?.until, now)}`;
    for (const { intentId, answer } of answers) {
      const name = names.indexOf(intentId);
      if (name >= 0) text += `/${name}${answer}`;
    }
    return text;
  }
}

const budgetOf = (left: Budget): string => Object.values(left).join('');

const replicaOf = ({ phase, base, kind, fingerprint, answer, lost }: Replica): string =>
  phase === 'idle'
    ? phase
    : `${phase} ${base.version}${base.epoch} ${kind} ${fingerprint} ${answer} ${lost}`;

/** The intents that matter yet, by their age: each is named by its place. */
type Names = readonly string[];

function namesOf({ record, snapshot, replicas, orphans, lostPut, memories }: World): Names {
  const names: string[] = [];
  const add = (id: string | undefined): void => {
    if (id !== undefined && id !== '' && !names.includes(id)) names.push(id);
  };
  const addOf = (stored: StoredState | undefined): void => {
    add(stored?.state?.intent?.intentId);
    add(stored?.state?.intent?.unsettled?.intentId);
  };
  for (const { intentId } of replicas) add(intentId);
  for (const { command } of orphans) add(command.intentId);
  add(lostPut?.intentId);
  addOf(record);
  addOf(snapshot);
  for (const { known } of memories) addOf(known);
  return names.length < 2 ? names : names.sort(byAge);
}

const byAge = (a: string, b: string): number => a.length - b.length || (a < b ? -1 : 1);

const isTime = (time: number): boolean => time > 0 && time < Infinity;

/** How far ahead a time is; what is over is over. */
const ahead = (time: number | undefined, now: number): number | '' =>
  time === undefined || time <= now ? '' : time - now;

function intentOf(intent: State['intent'], names: Names, now: number): string {
  if (intent === undefined) return '-';
  const { intentId, leaseUntil, takeoverAt } = intent;
  return `${names.indexOf(intentId)} ${ahead(leaseUntil, now)} ${ahead(takeoverAt, now)};`;
}

function orphanOf({ command, kind, token, beganAt, lost }: Orphan, names: Names, now: number) {
  const { intentId, base } = command;
  return `${names.indexOf(intentId)} ${base.version} ${base.epoch} ${kind} ${token} ${now - beganAt} ${lost}`;
}
