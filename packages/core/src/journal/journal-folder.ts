import { lstat, mkdir } from 'node:fs/promises';
import { PRIVATE_FOLDER } from './journal-disk.js';
import { SpillJournalError, systemCode } from './spill-journal-error.js';

/** Rights that let somebody else add, change or delete. */
const OTHERS_MAY_WRITE = 0o022;

/** The facts about a file or folder that decide whether it is trusted. @internal */
export interface Ownership {
  readonly uid: number;
  readonly mode: number;
}

/** Why what is there is not trusted, as the end of a sentence; undefined when it is. Windows has no such rights. @internal */
export function distrust({ uid, mode }: Ownership): string | undefined {
  const user = process.getuid?.();
  if (user === undefined) return undefined;
  if (uid !== user) return `it belongs to user ${uid}, and this process is user ${user}`;
  if ((mode & OTHERS_MAY_WRITE) !== 0) {
    return `others may write to it (mode ${(mode & 0o7777).toString(8)})`;
  }
  return undefined;
}

/**
 * Makes the folder, for its owner alone, or checks the one that is there.
 *
 * @returns why no journal can be kept in it; undefined when it can
 * @internal
 */
export async function prepareFolder(folder: string): Promise<string | undefined> {
  try {
    await mkdir(folder, { recursive: true, mode: PRIVATE_FOLDER });
  } catch (error) {
    return `it cannot be made (${systemCode(error)})`;
  }
  const facts = await lstat(folder).catch(() => undefined);
  if (facts === undefined) return 'it cannot be looked at';
  if (!facts.isDirectory()) return 'it is a symbolic link';
  return distrust(facts);
}

/**
 * As {@link prepareFolder}, for a journal that has been kept there: somebody may have removed the folder since.
 *
 * @throws {@link SpillJournalError} when no journal can be kept in it any more
 * @internal
 */
export async function restoreFolder(folder: string): Promise<void> {
  const why = await prepareFolder(folder);
  if (why !== undefined) {
    throw new SpillJournalError('failed', `its folder cannot be used: ${why}`);
  }
}
