import type { Protocol } from './load-protocol.js';
import { learn, LossMoves } from './loss-moves.js';
import { ModelStore } from './model-store.js';
import { OutsideMoves } from './outside-moves.js';
import { checkMove, checkWorld } from './properties.js';
import { ReplicaMoves } from './replica-moves.js';
import { initialWorld, type Move, type Scenario, type World } from './world.js';
import { WorldKeys } from './world-keys.js';

/** What a search has found. */
export interface SearchResult {
  readonly states: number;
  /** Everything that has happened in one of them or another. */
  readonly labels: ReadonlySet<string>;
  /** The most refresh tokens that were issued in one of them. */
  readonly issued: number;
  /** What was found, each with the shortest way there. */
  readonly findings: ReadonlyMap<string, string>;
}

/** How a state was reached: from which one, and by what. */
interface Step {
  readonly from: number;
  readonly label: string;
}

/**
 * Visits every world that a scenario can lead to, nearest first.
 *
 * @param stopAt - ends the search at the first finding of which this is true
 */
export async function search(
  scenario: Scenario,
  protocol: Protocol,
  stopAt: (finding: string) => boolean = () => false,
): Promise<SearchResult> {
  const store = new ModelStore(protocol);
  const replicas = new ReplicaMoves(scenario, protocol, store);
  const outside = new OutsideMoves(scenario, store, replicas.lease);
  const losses = new LossMoves(scenario, store, replicas.lease);
  const start = initialWorld(scenario, store);
  const findings = new Map<string, string>();
  const labels = new Set<string>();
  let issued = 0;
  const steps: Step[] = [{ from: -1, label: '' }];
  const keys = new WorldKeys();
  const seen = new Set([keys.of(start)]);
  const queue: (World | undefined)[] = [start];
  for (let index = 0; index < queue.length; index++) {
    const world = queue[index] as World;
    queue[index] = undefined;
    for (const move of await movesOf(world, replicas, outside, losses)) {
      const key = keys.of(move.world);
      const isNew = !seen.has(key);
      const found = checkMove(world, move).concat(isNew ? checkWorld(scenario, move.world) : []);
      for (const finding of found) {
        if (!findings.has(finding)) findings.set(finding, traceOf(steps, index, move));
        if (stopAt(finding)) return { states: queue.length, labels, issued, findings };
      }
      labels.add(move.label);
      if (!isNew) continue;
      seen.add(key);
      issued = Math.max(issued, move.world.server.length);
      queue.push(move.world);
      steps.push({ from: index, label: move.label });
    }
  }
  return { states: queue.length, labels, issued, findings };
}

async function movesOf(
  world: World,
  replicas: ReplicaMoves,
  outside: OutsideMoves,
  losses: LossMoves,
): Promise<readonly Move[]> {
  const moves: Move[] = [...losses.of(world)];
  for (const move of outside.of(world)) moves.push(learn(world, move));
  for (const [index, replica] of world.replicas.entries()) {
    // Of two that are alike in everything, one stands for both.
    if (world.memories.length === 0 && world.replicas.indexOf(replica) < index) continue;
    for (const move of await replicas.of(world, index)) moves.push(learn(world, move, index));
  }
  return moves;
}

function traceOf(steps: readonly Step[], last: number, { label }: Move): string {
  const labels = [label];
  for (let index = last; index > 0; index = (steps[index] as Step).from) {
    labels.push((steps[index] as Step).label);
  }
  return labels.reverse().join(' ');
}

/** The first finding that a scenario does not have to have, with the way there; nothing when there is none. */
export async function findCounterexample(
  scenario: Scenario,
  protocol: Protocol,
): Promise<string | undefined> {
  const isViolation = (finding: string): boolean => !scenario.unavoidable.includes(finding);
  const result = await search(scenario, protocol, isViolation);
  return violationsOf(scenario, result)[0];
}

/** What was found and does not have to be, each with the way there: readable, one step after the other. */
export function violationsOf(
  { unavoidable }: Scenario,
  { findings }: SearchResult,
): readonly string[] {
  return [...findings]
    .filter(([finding]) => !unavoidable.includes(finding))
    .map(([finding, trace]) => `${finding}\n  ${trace}`);
}
