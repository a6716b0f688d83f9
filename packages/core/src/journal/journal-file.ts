import { stat as statWithCallback } from 'node:fs';
import { type FileHandle, open, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  CREATE_FLAGS,
  type JournalDisk,
  PRIVATE_FILE,
  syncFolder,
  writeAll,
} from './journal-disk.js';
import { restoreFolder } from './journal-folder.js';
import { releasedName } from './journal-names.js';
import { systemCode } from './spill-journal-error.js';

/** With each append: less than half of the work of its namesake in `node:fs/promises`. */
const stat = promisify(statWithCallback);

/** Why bytes were not appended. @internal */
export interface AppendFailure {
  readonly error: unknown;
  /** Whether the file is as it was before. */
  readonly intact: boolean;
}

/** A file that this process has made and that it alone writes. @internal */
export class JournalFile {
  #size: number;

  private constructor(
    private readonly path: string,
    private readonly handle: FileHandle,
    private readonly inode: number,
    private readonly disk: JournalDisk,
    private readonly headerLength: number,
    size: number,
  ) {
    this.#size = size;
  }

  /** How many bytes were written, header included. */
  get size(): number {
    return this.#size;
  }

  /** Whether anything was written behind the header. */
  get hasRecords(): boolean {
    return this.#size > this.headerLength;
  }

  /**
   * Makes the file with its first content, and its folder when that was removed; both the content and the name are on the
   * disk when this resolves.
   */
  static async create(
    folder: string,
    name: string,
    header: Uint8Array,
    records: Uint8Array,
    disk: JournalDisk,
  ): Promise<JournalFile> {
    await restoreFolder(folder);
    const path = join(folder, name);
    const handle = await open(path, CREATE_FLAGS, PRIVATE_FILE);
    try {
      const first = Buffer.concat([header, records]);
      await writeAll(disk, handle.fd, first);
      await disk.sync(handle.fd);
      await syncFolder(folder);
      const { ino } = await handle.stat();
      const file = new JournalFile(path, handle, ino, disk, header.byteLength, first.byteLength);
      if (!(await file.isInPlace())) throw new Error('Somebody has taken the new file.');
      return file;
    } catch (error) {
      await quietly(handle.close());
      await quietly(unlink(path));
      throw error;
    }
  }

  /**
   * Writes at the end; `durable` waits until it is on the disk. Bytes that did not fit are taken back, so that a file on a
   * full disk serves again as soon as there is room.
   *
   * @returns what went wrong, and whether the file is as it was before
   */
  async append(records: Uint8Array, durable: boolean): Promise<AppendFailure | undefined> {
    try {
      await writeAll(this.disk, this.handle.fd, records);
    } catch (error) {
      const intact = await this.handle.truncate(this.#size).then(
        () => true,
        () => false,
      );
      return { error, intact };
    }
    this.#size += records.byteLength;
    if (!durable) return undefined;
    // After a failed fsync nobody knows what of the file is on the disk: what was asked for may not be asked for again.
    return this.disk.sync(this.handle.fd).then(
      () => undefined,
      (error: unknown) => ({ error, intact: false }),
    );
  }

  /**
   * Whether the file is still where it was made. One that took it for an orphan has renamed it first and read it then,
   * so what was on the disk before this answers yes is in whatever is read later.
   */
  async isInPlace(): Promise<boolean> {
    try {
      return (await stat(this.path)).ino === this.inode;
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return false;
      throw error;
    }
  }

  /** Takes all records out again. */
  async truncate(): Promise<void> {
    await this.handle.truncate(this.headerLength);
    this.#size = this.headerLength;
  }

  /** Shows that the owner lives. */
  async touch(now: number): Promise<void> {
    await this.handle.utimes(now / 1000, now / 1000);
  }

  /** Deletes the file, unless somebody has taken it; never rejects. */
  async remove(): Promise<void> {
    if (await this.isInPlace().catch(() => false)) await quietly(unlink(this.path));
    await this.close();
  }

  /** Gives the file up under a name that whoever comes next may take; never rejects. */
  async release(): Promise<void> {
    if (await this.isInPlace().catch(() => false)) {
      await quietly(rename(this.path, releasedName(this.path)));
    }
    await this.close();
  }

  /** Lets the file be; never rejects. */
  async close(): Promise<void> {
    await quietly(this.handle.close());
  }
}

/** For tidying up, where a failure changes nothing: what is left over is read again as a whole. */
async function quietly(work: Promise<unknown>): Promise<void> {
  await work.catch(() => undefined);
}
