import type { RecordBody, RecordCommands, RecordVerb } from '@oauth-token/core';
import type { SealedBody } from './record-codec.js';

type Seal = (epoch: string, body: RecordBody) => SealedBody;

/**
 * A command with its body sealed for the epoch that the record will be in.
 *
 * @internal
 */
export function sealCommand<Verb extends RecordVerb>(
  verb: Verb,
  command: RecordCommands<RecordBody>[Verb],
  seal: Seal,
): RecordCommands<SealedBody>[Verb] {
  return SEALERS[verb](command, seal);
}

const SEALERS: {
  [Verb in RecordVerb]: (
    command: RecordCommands<RecordBody>[Verb],
    seal: Seal,
  ) => RecordCommands<SealedBody>[Verb];
} = {
  begin: (command, seal) => ({
    ...command,
    fresh: {
      keepFresh: command.fresh.keepFresh,
      // Only the first intent of a record needs it.
      get body() {
        return seal(command.base.epoch, command.fresh.body);
      },
    },
  }),
  commit: (command, seal) => ({
    ...command,
    body: seal(command.newEpoch ?? command.base.epoch, command.body),
  }),
  settle: (command) => command,
  put: (command, seal) => ({ ...command, body: seal(command.newEpoch, command.body) }),
  forget: (command) => command,
  // What is put back is as this store gave it out: sealed, for the epoch that it is in.
  restore: (command) => command as unknown as RecordCommands<SealedBody>['restore'],
};
