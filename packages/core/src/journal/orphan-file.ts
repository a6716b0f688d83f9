import { type FileHandle, open, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { READ_FLAGS } from './journal-disk.js';
import { distrust } from './journal-folder.js';
import { readJournal } from './journal-format.js';
import { badName, type Candidate, claimName, releasedName } from './journal-names.js';
import { isOrphaned } from './journal-owner.js';
import type { JournalEntry } from './spill-journal.js';
import { systemCode } from './spill-journal-error.js';

/** Enough to read who owns a file, bytes. */
const FRONT_BYTES = 4_096;

/** Whether somebody can make use of an entry. @internal */
export type EntryFilter = (entry: JournalEntry) => boolean;

/** Who adopts, and when. @internal */
export interface Adopter {
  readonly folder: string;
  readonly instance: string;
  readonly isMine: EntryFilter;
  /** Wall clock, epoch ms. */
  readonly now: number;
  /** Files beyond this many bytes are left for later. */
  readonly room: number;
}

/** A file that was adopted, and stays where it is until it is not needed any more. @internal */
export interface Claimed {
  /** The name that it has while it is adopted. */
  readonly name: string;
  readonly entries: readonly JournalEntry[];
  readonly bytes: number;
  readonly warning?: string;
  /** The store has all entries. */
  discard(): Promise<void>;
  /** Somebody else is to go on with it. */
  giveBack(): Promise<void>;
}

const NOTHING_TO_DO = { discard: () => Promise.resolve(), giveBack: () => Promise.resolve() };

const onlyWarn = (name: string, warning: string): Claimed => ({
  name,
  entries: [],
  bytes: 0,
  warning,
  ...NOTHING_TO_DO,
});

/**
 * Takes a file when its owner is gone: by renaming it, so that of two adopters one is too late. Answers nothing when it has
 * a living owner, does not fit now, holds only what the adopter has no use for, or somebody else was faster.
 *
 * @internal
 */
export async function claimOrphan(
  candidate: Candidate,
  adopter: Adopter,
): Promise<Claimed | undefined> {
  try {
    const handle = await open(join(adopter.folder, candidate.name), READ_FLAGS);
    try {
      return await claim(handle, candidate, adopter);
    } finally {
      await handle.close();
    }
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOENT') return undefined;
    const what = code === 'ELOOP' ? 'is a symbolic link' : `cannot be adopted (${code})`;
    const { name } = candidate;
    return onlyWarn(name, `The journal file '${name}' ${what} and was left alone.`);
  }
}

async function claim(
  handle: FileHandle,
  candidate: Candidate,
  adopter: Adopter,
): Promise<Claimed | undefined> {
  const { name } = candidate;
  const facts = await handle.stat();
  const why = facts.isFile() ? distrust(facts) : 'it is no file';
  if (why !== undefined) {
    return onlyWarn(name, `The journal file '${name}' was left alone: ${why}.`);
  }
  if (facts.size > adopter.room) return undefined;
  const { owner, foreignVersion } = readJournal(await readUpTo(handle, FRONT_BYTES));
  if (foreignVersion) {
    return onlyWarn(name, `The journal file '${name}' is of another version and was left alone.`);
  }
  if (!candidate.free && !isOrphaned(owner, facts.mtimeMs, adopter.now)) return undefined;
  const { entries } = readJournal(await readUpTo(handle, Infinity));
  // Others, who have use for them, are not to wait until this process ends.
  if (entries.length > 0 && !entries.some(adopter.isMine)) return undefined;
  const claimed = claimName(name, adopter.instance);
  await rename(join(adopter.folder, name), join(adopter.folder, claimed));
  // Only now: its owner may have written until it was taken away.
  return adopt(await readUpTo(handle, Infinity), claimed, adopter.folder);
}

/** From the start, whatever was read before. */
async function readUpTo(handle: FileHandle, limit: number): Promise<Buffer> {
  const bytes = Buffer.alloc(Math.min((await handle.stat()).size, limit));
  let length = 0;
  while (length < bytes.length) {
    const { bytesRead } = await handle.read(bytes, length, bytes.length - length, length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return bytes.subarray(0, length);
}

function adopt(bytes: Buffer, name: string, folder: string): Claimed {
  const { entries, goodLength } = readJournal(bytes);
  const path = join(folder, name);
  const giveBack = (): Promise<void> => rename(path, releasedName(path));
  const badBytes = bytes.length - goodLength;
  const claimed = { name, entries, bytes: goodLength, giveBack };
  if (badBytes === 0) return { ...claimed, discard: () => unlink(path) };
  const bad = badName(path);
  return {
    ...claimed,
    warning:
      `The journal file '${releasedName(name)}' is damaged: its last ${badBytes} bytes cannot be read, and it is kept as '${badName(name)}'. ` +
      'If a process was killed while it wrote, nothing is missing; otherwise answers may be, and their refresh tokens with them.',
    // By its name alone, so that it also works on a disk that is full.
    discard: () => rename(path, bad),
  };
}
