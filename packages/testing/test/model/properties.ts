import { familyOf, isLiving, isRepeatable, nameOf, type Server } from './authorization-server.js';
import { isQuiet } from './outside-moves.js';
import type { Move, Scenario, World } from './world.js';

/** What is wrong with a step from one world to the next. */
export function checkMove(
  before: World,
  { world, findings = [], isLoss = false }: Move,
): readonly string[] {
  const isWritten = before.record !== world.record && !isLoss;
  return isWritten ? [...findings, ...checkRecord(before, world)] : findings;
}

/** What is wrong with a world. */
export function checkWorld(scenario: Scenario, world: World): readonly string[] {
  return [...checkStatus(scenario, world), ...(isQuiet(world) ? checkQuiet(world) : [])];
}

/** Epochs, siblings and tombstones. */
function checkRecord(before: World, after: World): readonly string[] {
  const { server } = after;
  const [was = -1] = before.record.tokens;
  const [own = -1, ...siblings] = after.record.tokens;
  const { status, spentFingerprints = [] } = after.record.state ?? {};
  const family = familyOf(server, own);
  const older =
    family < familyOf(server, was) || siblings.some((token) => familyOf(server, token) !== family);
  const spent = siblings.some(
    (token, place) =>
      spentFingerprints.includes(nameOf(token)) || [own, ...siblings].indexOf(token) !== place + 1,
  );
  const tombstone = status === 'forgotten' || before.record.state?.status === 'forgotten';
  const returned = tombstone && own >= 0 && !isNewest(server, family);
  return [
    ...(older && own >= 0 ? ['epoch: tokens of an old login are back'] : []),
    ...(spent ? ['sibling: a refresh token that is known already is kept as one'] : []),
    ...(returned ? ['tombstone: forgotten tokens are back'] : []),
  ];
}

const isNewest = (server: Server, family: number): boolean =>
  family === Math.max(...server.map((token) => token.family)) && family > 0;

/** Only a refresh has to be over before the takeover delay is: a login wins whenever it comes. */
const isRefresh = ({ kind }: { readonly kind: 'refresh' | 'login' }): boolean => kind === 'refresh';

/** A person is asked to log in only when nothing that is left can renew. */
function checkStatus({ pauses }: Scenario, world: World): readonly string[] {
  if (world.record.state?.status !== 'reauthorizationRequired') return [];
  const { server, replicas, orphans } = world;
  const stored = world.record.tokens.some((token) => isLiving(server, token));
  // With pauses without end the answer that heals may still be on its way; then it is asked once all is quiet.
  const journals =
    pauses === 'bounded'
      ? [
          ...orphans.filter(isRefresh).map(({ token }) => token),
          ...replicas
            .filter((replica) => replica.phase === 'journaled' && isRefresh(replica))
            .map(({ answer }) => answer),
        ]
      : [];
  const inHand = journals.some((token) => typeof token === 'number' && isLiving(server, token));
  return stored || inHand ? ['false reauthorization: a living refresh token is left'] : [];
}

/** No living token that anybody has had is missing; and where there is none, it is known why. */
function checkQuiet(world: World): readonly string[] {
  const { server, record } = world;
  const { tokens } = record;
  const [own] = tokens;
  if (own === undefined) {
    const isForgotten = record.state?.status === 'forgotten';
    return isForgotten ? [] : ['loss: the record is gone'];
  }
  if (tokens.some((token) => isLiving(server, token))) return [];
  const family = server.filter((token) => token.family === familyOf(server, own));
  if (family.some(({ life, fate }) => life === 'living' && fate === 'secured')) {
    const dead = record.state?.status === 'reauthorizationRequired';
    return [
      dead
        ? 'false reauthorization: a living refresh token is left'
        : 'loss: a living refresh token is in no place',
    ];
  }
  if (tokens.some((token) => isRepeatable(server, token, world.now))) return [];
  const reused = family.flatMap(({ reused: reason }) => (reason === undefined ? [] : [reason]));
  const fates = new Set(family.map(({ fate }) => fate));
  if (fates.has('crash')) reused.push('crash before the journal');
  if (fates.has('answer')) reused.push('answer lost');
  if (reused.length === 0) return ['loss: nothing lives, and nothing says why'];
  return [...new Set(reused)].map((reason) => `lost: ${reason}`);
}
