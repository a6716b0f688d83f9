import type { LeasePlan } from '@oauth-token/core';
import { familyOf, login } from './authorization-server.js';
import type { ModelStore } from './model-store.js';
import { afterCommit, findingsOf } from './replica-steps.js';
import {
  type Move,
  type Orphan,
  putOf,
  type Replica,
  type Scenario,
  spendOne,
  type World,
} from './world.js';

/** What happens without the replicas: the clock, logins and logouts elsewhere, and the replay of journals. */
export class OutsideMoves {
  constructor(
    private readonly scenario: Scenario,
    private readonly store: ModelStore,
    private readonly lease: LeasePlan,
  ) {}

  of(world: World): readonly Move[] {
    return [
      ...this.#expire(world),
      ...this.#replay(world),
      ...this.#login(world),
      ...this.#forget(world),
    ];
  }

  /** The clock moves to the end of a lease or of a takeover delay. */
  #expire(world: World): readonly Move[] {
    if (world.left.expiries === 0) return [];
    const ends = new Map<number, string>();
    const { intent, restUntil } = world.record.state ?? {};
    if (restUntil !== undefined) ends.set(restUntil, 'EXPIRE-rest');
    for (const known of [intent, intent?.unsettled]) {
      if (known === undefined) continue;
      ends.set(known.takeoverAt, 'EXPIRE-takeover').set(known.leaseUntil, 'EXPIRE-lease');
    }
    return [...ends]
      .filter(([at]) => at > world.now && this.#mayPass(world, at))
      .map(([at, label]) => ({ label, world: { ...spendOne(world, 'expiries'), now: at } }));
  }

  /** Whether nobody is still at what has to be over by then. */
  #mayPass(world: World, at: number): boolean {
    const { replicas, orphans } = world;
    const { leaseMs, takeoverMs } = this.lease;
    const isLate = ({ kind, beganAt }: Replica | Orphan): boolean =>
      kind === 'refresh' && beganAt + leaseMs + takeoverMs <= at;
    const { pauses, plans, replays } = this.scenario;
    if (plans === 'prompt' && outlasts(world, at)) return false;
    if (pauses === 'bounded' && replicas.some((one) => isUnderWay(one) && isLate(one)))
      return false;
    return replays === 'late' || !orphans.some(isLate);
  }

  #replay(world: World): readonly Move[] {
    return world.orphans.map((orphan) => {
      const { command, token, lost } = orphan;
      const applied = this.store.apply(world.record, 'commit', command, world.now);
      return {
        label: `replay:${applied.answer}`,
        world: {
          ...world,
          record: applied.next,
          server: afterCommit(world.server, applied.answer, token),
          orphans: world.orphans.filter((other) => other !== orphan),
        },
        findings: findingsOf(world, applied, lost, 'commit'),
      };
    });
  }

  /** Somebody logs in elsewhere; the answer of the store may be lost, so that the tokens are stored again. */
  #login(world: World): readonly Move[] {
    const { lostPut } = world;
    if (lostPut !== undefined) {
      const applied = this.store.apply(world.record, 'put', lostPut, world.now);
      const findings = findingsOf(world, applied, 'put', 'put');
      const after = { ...world, record: applied.next, lostPut: undefined };
      return [{ label: 'login-again', world: after, findings }];
    }
    if (world.left.logins === 0) return [];
    const { server, token } = login(world.server, 'secured');
    const put = putOf(`i${world.intents}`, token, familyOf(server, token));
    const { next, broken } = this.store.apply(world.record, 'put', put, world.now);
    const known = { ...world, record: next, server, intents: world.intents + 1 };
    const after = spendOne(known, 'logins');
    const moves: Move[] = [{ label: 'LOGIN', world: after, findings: broken }];
    if (world.left.lostReplies === 0) return moves;
    const unheard = { ...spendOne(after, 'lostReplies'), lostPut: put };
    return [...moves, { label: 'LOGIN~', world: unheard, findings: broken }];
  }

  #forget(world: World): readonly Move[] {
    if (world.left.forgets === 0) return [];
    const command = { intentId: `i${world.intents}`, newEpoch: `x${world.intents}` };
    const { next, broken } = this.store.apply(world.record, 'forget', command, world.now);
    const after = { ...world, record: next, intents: world.intents + 1 };
    return [{ label: 'FORGET', world: spendOne(after, 'forgets'), findings: broken }];
  }
}

/** Whether the takeover delay of a refresh is over by then, and a plan that has seen it is not announced yet. */
function outlasts({ replicas, record, now }: World, at: number): boolean {
  const { intent } = record.state ?? {};
  const refresh = intent?.kind === 'refresh' ? intent : intent?.unsettled;
  if (refresh === undefined || refresh.takeoverAt <= now || refresh.takeoverAt > at) return false;
  return replicas.some(
    ({ phase, kind, seenIntentId }) =>
      phase === 'planned' && kind === 'refresh' && seenIntentId === refresh.intentId,
  );
}

const isUnderWay = ({ phase }: Replica): boolean =>
  phase === 'sending' || phase === 'answering' || phase === 'journaled';

/** Whether anybody still has to do something with an answer. */
export const isQuiet = ({ replicas, orphans, lostPut, memories }: World): boolean =>
  orphans.length === 0 &&
  lostPut === undefined &&
  replicas.every(({ phase }) => phase === 'idle') &&
  memories.every(({ swept }) => swept);
