import { constants, fdatasync, write } from 'node:fs';
import { open } from 'node:fs/promises';
import { promisify } from 'node:util';

const writeTo = promisify(write);

/** The two calls that a failing disk fails. @internal */
export interface JournalDisk {
  /** Writes a part of the bytes at the end of the file, or all; answers how many. */
  write(descriptor: number, bytes: Uint8Array): Promise<number>;
  /** Returns once the file's content is on the disk. */
  sync(descriptor: number): Promise<void>;
}

/** The platform's disk. @internal */
export const systemDisk: JournalDisk = {
  write: async (descriptor, bytes) =>
    (await writeTo(descriptor, bytes, 0, bytes.byteLength, null)).bytesWritten,
  sync: promisify(fdatasync),
};

/** Windows has no such flag, and no links that anybody may make. */
const NO_FOLLOW = process.platform === 'win32' ? 0 : constants.O_NOFOLLOW;

/** For reading; a symbolic link is refused (`ELOOP`). @internal */
export const READ_FLAGS = constants.O_RDONLY | NO_FOLLOW;

/** For a new file that is only ever written at its end. @internal */
export const CREATE_FLAGS =
  constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_EXCL | NO_FOLLOW;

/** Rights of a file: its owner's alone. @internal */
export const PRIVATE_FILE = 0o600;

/** Rights of a folder: its owner's alone. @internal */
export const PRIVATE_FOLDER = 0o700;

/** Writes all bytes, in as many steps as the disk takes. @internal */
export async function writeAll(
  disk: JournalDisk,
  descriptor: number,
  bytes: Uint8Array,
): Promise<void> {
  let rest = bytes;
  while (rest.byteLength > 0) {
    const written = await disk.write(descriptor, rest);
    if (written === 0) throw new Error('The disk takes nothing.');
    rest = rest.subarray(written);
  }
}

/** Makes new, renamed and deleted names of a folder last; Windows does so by itself. @internal */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
