import type { LeasePlan } from '@oauth-token/core';
import type { ModelStore, StoredState } from './model-store.js';
import { type Move, type Scenario, spendOne, type World } from './world.js';

/** What a replica remembers of the record, beside its renewal. */
export interface Memory {
  /** As it has last read or written it, as long as nobody else has changed it. */
  readonly known: StoredState | undefined;
  /** The newest version that it has seen or heard of. */
  readonly heard: number;
  /** Whether it has compared what it knows with the store since that came back. */
  readonly swept: boolean;
}

/** The world with what its replicas have learnt by a step. */
export function learn(before: World, { world, ...move }: Move, actor?: number): Move {
  const { record, memories } = world;
  if (memories.length === 0) return { world, ...move };
  const version = record.state?.version ?? 0;
  const isTold =
    actor !== undefined && /^(start|read|begin\d+$|commit\d+($|:)|sweep)/.test(move.label);
  const isNews = before.record !== record && move.isLoss !== true;
  const learnt = memories.map((memory, index): Memory => {
    const told = isTold && index === actor && version >= memory.heard;
    // Of a logout there is nothing more to know than that it was.
    const isForgotten = isNews && record.state?.status === 'forgotten';
    if (told || isForgotten) return { ...memory, known: record, heard: version };
    if (!isNews || version <= memory.heard) return memory;
    return { ...memory, known: undefined, heard: version };
  });
  return { ...move, world: { ...world, memories: learnt } };
}

/** Whether what the store offers may be a refresh token that is spent: then no plan is made by it. */
export const isHeld = ({ memories }: World): boolean => memories.some(({ swept }) => !swept);

/** How the record stands to what a replica has heard of it. */
export function standingOf({ record, memories }: World, index: number): 'current' | 'behind' {
  const heard = memories[index]?.heard ?? 0;
  return record.state !== undefined && record.state.version < heard ? 'behind' : 'current';
}

/** A store that comes back empty, or as it was some time ago, and the replicas that put back what they know. */
export class LossMoves {
  constructor(
    private readonly scenario: Scenario,
    private readonly store: ModelStore,
    private readonly lease: LeasePlan,
  ) {}

  of(world: World): readonly Move[] {
    return [
      ...this.#lose(world),
      ...world.memories.flatMap((_, index) => this.#sweep(world, index)),
    ];
  }

  #lose(world: World): readonly Move[] {
    if (world.left.losses === 0) return [];
    const { snapshot, record } = world;
    if (this.scenario.loss === 'empty') {
      return [this.#after(world, 'EMPTY', this.store.intern(undefined))];
    }
    if (snapshot === undefined)
      return [{ label: 'SNAPSHOT', world: { ...world, snapshot: record } }];
    return [this.#after(world, 'ROLLBACK', snapshot)];
  }

  #after(world: World, label: string, record: StoredState): Move {
    const memories = world.memories.map((memory) => ({ ...memory, swept: false }));
    const next = { ...spendOne(world, 'losses'), record, memories };
    return { label, world: next, isLoss: true };
  }

  #sweep(world: World, index: number): readonly Move[] {
    const memory = world.memories[index] as Memory;
    if (memory.swept) return [];
    const memories = world.memories.map((other, place) =>
      place === index ? { ...other, swept: true } : other,
    );
    const after = { ...world, memories };
    const known = memory.known?.state;
    if (known === undefined) return [{ label: `sweep${index}`, world: after }];
    const restMs = this.lease.leaseMs + this.lease.takeoverMs;
    const command = { intentId: `r${index}`, known, restMs };
    const applied = this.store.apply(world.record, 'restore', command, world.now);
    const restored = applied.answer === 'restored' ? ':restored' : '';
    const label = `sweep${index}${restored}`;
    const move = { label, world: { ...after, record: applied.next }, findings: applied.broken };
    return [learn(world, move, index)];
  }
}
