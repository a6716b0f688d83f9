import {
  type LeasePlan,
  passwordGrant,
  planLease,
  type RefreshTokenReuse,
} from '@oauth-token/core';
import { change, login, numberOf, refresh } from './authorization-server.js';
import type { PlanAnswer, PlanInput, Protocol } from './load-protocol.js';
import { isHeld, standingOf } from './loss-moves.js';
import type { ModelStore } from './model-store.js';
import {
  afterCommit,
  commitOf,
  deliver,
  findingsOf,
  go,
  labelOf,
  losing,
  type Place,
  read,
  reuseReason,
  settleOutcome,
  tokensOf,
} from './replica-steps.js';
import { IDLE, type Move, type Replica, type Scenario, spendOne, type World } from './world.js';

/** How long the token lives that the leases are planned by, ms. */
const LIFETIME_MS = 120_000;
/** How long the servers that are not strict say that they allow a repetition, ms. */
export const GRACE_MS = 30_000;
const GRANT = passwordGrant({ username: 'u', password: 'p' });
const GRANT_FINGERPRINT = 'grant';

/** What a replica of a scenario can do: the guarded section of a renewal, step by step. */
export class ReplicaMoves {
  readonly lease: LeasePlan;
  readonly #reuse: RefreshTokenReuse;
  readonly #plans = new Map<string, PlanAnswer>();

  constructor(
    private readonly scenario: Scenario,
    private readonly protocol: Protocol,
    private readonly store: ModelStore,
  ) {
    this.#reuse = scenario.server === 'strict' ? 'strict' : { graceMs: GRACE_MS };
    this.lease = planLease(this.#reuse, LIFETIME_MS, undefined);
  }

  async of(world: World, index: number): Promise<readonly Move[]> {
    const replica = world.replicas[index] as Replica;
    const at = { world, index, replica };
    const crash = this.#crash(at);
    switch (replica.phase) {
      case 'idle':
        return this.#start(at);
      case 'reading':
        if (isHeld(world)) return crash;
        return [await this.#plan(at, `read${index}`, replica.startVersion), ...crash];
      case 'planned':
        return [...this.#begin(at), ...crash];
      case 'begun':
        return [...this.#send(at), ...crash];
      case 'sending':
        return [...this.#arrive(at), ...crash];
      case 'answering':
        return [...deliver(at), ...crash];
      case 'journaled':
        return [...this.#commit(at), ...crash];
      case 'refused':
      case 'ambiguous':
      case 'unsent':
        return [...this.#settle(at), ...crash];
    }
  }

  async #start(at: Place): Promise<readonly Move[]> {
    if (at.world.left.flights === 0 || isHeld(at.world)) return [];
    const world = spendOne(at.world, 'flights');
    const move = await this.#plan({ ...at, world }, `start${at.index}`, undefined);
    return move.world.replicas[at.index]?.phase === 'idle' ? [] : [move];
  }

  /** Reads the record and plans by it, as production does. */
  async #plan(at: Place, label: string, startVersion: number | undefined): Promise<Move> {
    const { record, now } = at.world;
    const standing = standingOf(at.world, at.index);
    const key = `${record.id} ${now} ${startVersion} ${standing}`;
    const plan =
      this.#plans.get(key) ?? (await this.#planRenewal(at.world, startVersion, standing));
    this.#plans.set(key, plan);
    const { version = 0, epoch = '', facts, intent } = record.state ?? {};
    switch (plan.kind) {
      case 'adopt':
      case 'none':
        return go(at, label, IDLE);
      case 'refresh':
      case 'login':
        return go(at, label, {
          ...IDLE,
          phase: 'planned',
          startVersion: startVersion ?? version,
          base: { version, epoch },
          kind: plan.kind,
          fingerprint:
            plan.kind === 'login' ? GRANT_FINGERPRINT : (facts?.refreshFingerprint ?? ''),
          seenIntentId: intent?.intentId ?? '',
        });
      default:
        throw new Error(`The model knows no plan '${plan.kind}'.`);
    }
  }

  #planRenewal(
    { record: { state }, now }: World,
    startVersion: number | undefined,
    standing: PlanInput['standing'],
  ): Promise<PlanAnswer> {
    const name = state?.facts?.refreshFingerprint;
    const tokens = name === undefined ? {} : { tokens: tokensOf(name) };
    const key = { registrationId: 'model' };
    const { selfLogin } = this.scenario;
    return this.protocol.planRenewal({
      record: state === undefined ? undefined : { id: 'record', key, ...tokens, state },
      standing,
      now,
      reason: 'demand',
      proven: false,
      startVersion,
      reuse: this.#reuse,
      fingerprintOf: { refreshToken: (token) => token, grant: () => GRANT_FINGERPRINT },
      selfLogin: () => Promise.resolve(selfLogin ? GRANT : undefined),
    });
  }

  #begin(at: Place): readonly Move[] {
    const { world, replica, index } = at;
    const { base, kind, fingerprint, seenIntentId, lost } = replica;
    const isHeldBack = this.scenario.skips !== 'sweep at begin' && needsSweep(at);
    if (isHeldBack) return [go(at, `again${index}`, read(replica))];
    const { leaseMs, takeoverMs } = this.lease;
    const first = lost === '';
    const intentId = first ? `i${world.intents}` : replica.intentId;
    const beganAt = first ? world.now : replica.beganAt;
    const fresh = { body: 'key', keepFresh: true };
    const fixed = { owner: 'o', force: false, settings: 's', fresh };
    const times = { leaseMs, takeoverMs };
    const command = { intentId, base, kind, fingerprint, seenIntentId, ...times, ...fixed };
    const applied = this.store.apply(world.record, 'begin', command, world.now);
    const intents = world.intents + (first && applied.answer === 'ok' ? 1 : 0);
    const next = { ...at, world: { ...world, record: applied.next, intents } };
    const begun = { ...replica, intentId, beganAt, lost: '' };
    const label = `begin${index}`;
    switch (applied.answer) {
      case 'ok': {
        const moves = [
          go(next, label, { ...begun, phase: 'begun', seenIntentId: '' }, applied.broken),
        ];
        if (!first || world.left.lostReplies === 0) return moves;
        const unheard = { ...next, world: spendOne(next.world, 'lostReplies') };
        return [...moves, go(unheard, `${label}~`, { ...begun, lost: 'ok' }, applied.broken)];
      }
      case 'stale':
        return [go(next, `${label}:stale`, read(replica))];
      case 'busy':
        return [go(next, `${label}:busy`, read(replica)), go(next, `leave${index}`, IDLE)];
      default:
        return [go(next, `${label}:${applied.answer}`, IDLE)];
    }
  }

  /** The lease is looked at once more, just before the first byte leaves. */
  #send(at: Place): readonly Move[] {
    const { world, replica, index } = at;
    const sendBefore = replica.beganAt + this.lease.leaseMs - this.lease.timeoutMs;
    const late = this.scenario.skips !== 'lease at send' && world.now >= sendBefore;
    if (late || needsSweep(at)) return [go(at, `late${index}`, { ...replica, phase: 'unsent' })];
    const moves = [go(at, `send${index}`, { ...replica, phase: 'sending' })];
    if (world.left.refusals === 0) return moves;
    const refused = { ...at, world: spendOne(world, 'refusals') };
    return [...moves, go(refused, `notSent${index}`, { ...replica, phase: 'unsent' })];
  }

  #arrive(at: Place): readonly Move[] {
    const { world, replica, index } = at;
    const known = world.server[numberOf(replica.fingerprint)];
    const isSecond = replica.kind === 'refresh' && known?.life !== 'living';
    if (isSecond && this.scenario.secondUse === 'refused') {
      return [go(at, `refuse${index}`, { ...replica, phase: 'unsent' })];
    }
    const moves = [this.#process(at, `AS${index}`)];
    if (world.left.lostAnswers > 0) {
      const lossy = { ...at, world: spendOne(world, 'lostAnswers') };
      moves.push(go(lossy, `drop${index}`, { ...replica, phase: 'ambiguous' }));
    }
    if (replica.kind === 'login' && world.left.refusedLogins > 0) {
      const unwilling = { ...at, world: spendOne(world, 'refusedLogins') };
      const phase = { ...replica, phase: 'answering', answer: 'dead' } as const;
      moves.push(go(unwilling, `AS${index}:no`, phase));
    }
    return moves;
  }

  /** The authorization server deals with a request. */
  #process(at: Place, label: string): Move {
    const { world, replica } = at;
    const { server: kind, repeatMs = Infinity } = this.scenario;
    const token = numberOf(replica.fingerprint);
    const { server, token: answer } =
      replica.kind === 'login'
        ? login(world.server, 'flying')
        : refresh(kind, world.server, token, world.now, repeatMs);
    const reason = replica.kind === 'login' ? undefined : reuseReason(world, token, kind);
    const marked = reason === undefined ? server : change(server, token, { reused: reason });
    const finding = reason === undefined ? [] : [`double spend: ${reason}`];
    const next = { ...at, world: { ...world, server: marked } };
    return go(next, label, { ...replica, phase: 'answering', answer }, finding);
  }

  #commit(at: Place): readonly Move[] {
    const { world, replica, index } = at;
    const command = commitOf(replica, world.server);
    const applied = this.store.apply(world.record, 'commit', command, world.now);
    const findings = findingsOf(world, applied, replica.lost, 'commit');
    const server = afterCommit(world.server, applied.answer, replica.answer as number);
    const next = { ...at, world: { ...world, record: applied.next, server } };
    const after = applied.answer === 'committed' ? IDLE : read(replica);
    const moves = [go(next, labelOf(`commit${index}`, applied, 'committed'), after, findings)];
    if (world.left.lostReplies === 0 || replica.lost !== '') return moves;
    const unheard = spendOne({ ...world, record: applied.next }, 'lostReplies');
    const again = { ...replica, lost: applied.answer };
    return [...moves, go({ ...at, world: unheard }, `commit${index}~`, again, findings)];
  }

  #settle(at: Place): readonly Move[] {
    const { world, replica, index } = at;
    const { intentId, base, phase, kind, lost } = replica;
    const canLogin = this.scenario.selfLogin && this.#mayLogin(world);
    const outcome = settleOutcome(phase, kind, canLogin && kind === 'refresh', world.now);
    const command = { intentId, base, reason: 'demand', outcome } as const;
    const applied = this.store.apply(world.record, 'settle', command, world.now);
    const findings = findingsOf(world, applied, lost, 'settle');
    const next = { ...at, world: { ...world, record: applied.next } };
    const again =
      phase === 'refused' || (phase === 'ambiguous' && this.scenario.server === 'strict');
    const over = ['settled', 'dead', 'alreadyDead'].includes(applied.answer);
    const mends = over && again && canLogin && kind === 'refresh';
    const label = labelOf(`settle${index}`, applied, phase);
    const moves = [go(next, label, over && !mends ? IDLE : read(replica), findings)];
    if (phase !== 'refused' || world.left.lostReplies === 0 || lost !== '') return moves;
    const unheard = { ...at, world: spendOne(next.world, 'lostReplies') };
    const unsure = { ...replica, lost: applied.answer };
    return [...moves, go(unheard, `${label}~`, unsure, findings)];
  }

  #mayLogin({ record }: World): boolean {
    return record.state?.refusedGrant !== GRANT_FINGERPRINT;
  }

  /** The process dies; another one starts in its place. What its journal has is replayed later. */
  #crash(at: Place): readonly Move[] {
    const { world, replica, index } = at;
    if (world.left.crashes === 0) return [];
    const crashed = { ...at, world: spendOne(world, 'crashes') };
    const { phase, answer, kind, beganAt, lost } = replica;
    const label = `CRASH${index}`;
    if (phase === 'journaled' && answer !== 'dead' && answer !== 'none') {
      const command = commitOf(replica, world.server);
      const orphan = { command, kind, token: answer, beganAt, lost };
      const orphans = [...world.orphans, orphan];
      return [go({ ...at, world: { ...crashed.world, orphans } }, label, IDLE)];
    }
    if (phase === 'answering') return [go(losing(crashed, answer, 'crash'), label, IDLE)];
    if (phase !== 'sending') return [go(crashed, label, IDLE)];
    // What is on its way arrives or does not.
    const arrived = this.#process(crashed, `AS${index} ${label}`);
    const dealt = arrived.world.replicas[index]?.answer ?? 'none';
    const gone = go(
      losing({ ...crashed, world: arrived.world }, dealt, 'crash'),
      arrived.label,
      IDLE,
    );
    return [go(crashed, label, IDLE), { ...gone, findings: arrived.findings ?? [] }];
  }
}

/** Whether the store has gone back since this was planned, so that its refresh token may be spent. */
const needsSweep = ({ world, replica }: Place): boolean =>
  replica.kind === 'refresh' && isHeld(world);
