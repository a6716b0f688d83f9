import {
  chmod,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterCrash, entry, idsOf, temporaryFolder } from '../../test/journal-folder.js';
import { ConfigurationError } from '../errors/errors.js';
import { type Clock, systemClock } from '../timing/clock.js';
import { FileSpillJournal, type FileSpillJournalOptions } from './file-spill-journal.js';
import { type JournalDisk, systemDisk } from './journal-disk.js';
import { distrust } from './journal-folder.js';
import { readJournal } from './journal-format.js';
import { NO_JOURNAL } from './no-spill-journal.js';

const cleanups: (() => Promise<void>)[] = [];
let root: string;
let folder: string;

beforeEach(async () => {
  const temporary = await temporaryFolder();
  cleanups.push(temporary.close);
  root = temporary.path;
  folder = join(root, 'journal');
});

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** The platform's disk, with its syncs counted and faults on demand. */
class TestDisk implements JournalDisk {
  syncs = 0;
  writes = 0;
  /** Bytes that fit in one call. */
  step = Infinity;
  failWrite: string | undefined;
  failSync: string | undefined;
  /** How often a sync fails. */
  faults = Infinity;

  async write(descriptor: number, bytes: Uint8Array): Promise<number> {
    this.writes += 1;
    if (this.failWrite !== undefined) {
      // A disk that runs full takes what still fits.
      await systemDisk.write(descriptor, bytes.subarray(0, bytes.length / 2));
      throw Object.assign(new Error('canary-text'), { code: this.failWrite });
    }
    return systemDisk.write(descriptor, bytes.subarray(0, this.step));
  }

  async sync(descriptor: number): Promise<void> {
    this.syncs += 1;
    if (this.failSync !== undefined && this.faults > 0) {
      this.faults -= 1;
      throw Object.assign(new Error(), { code: this.failSync });
    }
    await systemDisk.sync(descriptor);
  }
}

/** Timers that go off when told. */
class TestClock implements Clock {
  readonly #timers = new Map<() => void, number>();
  now = (): number => systemClock.now();
  monotonic = (): number => systemClock.monotonic();

  setTimer(callback: () => void, delayMs: number): { cancel(): void } {
    this.#timers.set(callback, delayMs);
    return { cancel: () => this.#timers.delete(callback) };
  }

  fire(delayMs: number): void {
    for (const [callback, delay] of [...this.#timers]) {
      if (delay !== delayMs) continue;
      this.#timers.delete(callback);
      callback();
    }
  }
}

async function opened(
  options: FileSpillJournalOptions = {},
  disk?: JournalDisk,
): Promise<FileSpillJournal> {
  const journal = new FileSpillJournal({ directory: folder, ...options }, disk);
  cleanups.push(() => journal.close());
  expect(await journal.start()).toEqual({ entries: [], warnings: [] });
  return journal;
}

const names = async (kind = ''): Promise<string[]> =>
  (await readdir(folder)).filter((name) => name.endsWith(kind));

async function onlyFile(kind = '.journal'): Promise<string> {
  const found = await names(kind);
  expect(found).toHaveLength(1);
  return join(folder, found[0] ?? '');
}

async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setImmediate(resolve));
}

const reasonOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'kept',
    (error: unknown) => (error as { reason?: unknown }).reason,
  );

describe('FileSpillJournal', () => {
  it('keeps what was appended until it is confirmed', async () => {
    const journal = await opened();
    await Promise.all(['a', 'b', 'c'].map((id) => journal.append(entry(id))));
    expect(journal.length).toBe(3);
    journal.confirm('b');
    await journal.append(entry('d'));
    const found = await afterCrash(folder);
    expect(found.entries).toEqual([entry('a'), entry('c'), entry('d')]);
    expect(found.warnings).toEqual([]);
  });

  it('is on the disk when it says so: one fsync for all that came meanwhile', async () => {
    const disk = new TestDisk();
    const journal = await opened({}, disk);
    disk.syncs = 0;
    const first = journal.append(entry('first'));
    await until(() => disk.syncs === 1);
    const others = Array.from({ length: 500 }, (_, at) => journal.append(entry(`other-${at}`)));
    await Promise.all([first, ...others]);
    expect(disk.syncs).toBe(2);
    expect((await afterCrash(folder)).entries).toHaveLength(501);
  });

  it('does not resolve before the fsync has ended', async () => {
    const disk = new TestDisk();
    const journal = await opened({}, disk);
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    let syncing = false;
    disk.sync = async () => {
      syncing = true;
      await gate;
    };
    let kept = false;
    const append = journal.append(entry('a')).then(() => (kept = true));
    await until(() => syncing);
    await stat(folder);
    expect(kept).toBe(false);
    release();
    await append;
  });

  it('writes an id once that waits already', async () => {
    const journal = await opened();
    await Promise.all([journal.append(entry('a')), journal.append(entry('a'))]);
    const { size } = await stat(await onlyFile());
    await journal.append(entry('a'));
    expect((await stat(await onlyFile())).size).toBe(size);
    expect(journal.length).toBe(1);
  });

  it('does not write at all what was confirmed before its turn', async () => {
    const journal = await opened();
    const { size } = await stat(await onlyFile());
    const append = journal.append(entry('a'));
    journal.confirm('a');
    await append;
    expect((await stat(await onlyFile())).size).toBe(size);
  });

  it('writes a confirmation within a second, without an append that takes it along', async () => {
    const clock = new TestClock();
    const journal = await opened({ clock });
    await journal.append(entry('a'));
    await journal.append(entry('b'));
    const { size } = await stat(await onlyFile());
    journal.confirm('a');
    clock.fire(1_000);
    await until(async () => (await stat(await onlyFile())).size > size);
    expect(idsOf((await afterCrash(folder)).entries)).toEqual(['b']);
  });

  it('empties the file once nothing waits', async () => {
    const clock = new TestClock();
    const journal = await opened({ clock });
    const { size } = await stat(await onlyFile());
    await journal.append(entry('a'));
    journal.confirm('a');
    clock.fire(1_000);
    await until(async () => (await stat(await onlyFile())).size === size);
    await journal.append(entry('b'));
    expect(await afterCrash(folder)).toEqual({ entries: [entry('b')], warnings: [] });
  });

  it('refuses what is too much, and takes it when there is room again', async () => {
    const journal = await opened({ maxBytes: 2_000 });
    await journal.append(entry('a', 900));
    await journal.append(entry('b', 900));
    expect(await reasonOf(journal.append(entry('c', 900)))).toBe('full');
    journal.confirm('a');
    await journal.append(entry('c', 900));
    expect(idsOf((await afterCrash(folder)).entries)).toEqual(['b', 'c']);
  });

  it('writes a new file when most is confirmed, and loses nothing that comes meanwhile', async () => {
    const disk = new TestDisk();
    const journal = await opened({}, disk);
    await journal.append(entry('stays'));
    const kept = ['stays'];
    for (let round = 0; round < 60; round += 1) {
      const big = entry(`big-${round}`, 100_000);
      const small = entry(`small-${round}`);
      await Promise.all([journal.append(big), journal.append(small)]);
      // Under way while the confirmation and, in some rounds, a new file are.
      kept.push(small.id, `late-${round}`);
      const late = journal.append(entry(`late-${round}`));
      journal.confirm(big.id);
      await late;
    }
    const file = await onlyFile();
    expect((await stat(file)).size).toBeLessThan(1_500_000);
    expect(file).not.toMatch(/-1\.journal$/);
    expect(idsOf((await afterCrash(folder)).entries)).toEqual(
      expect.arrayContaining([...kept].sort()),
    );
  });

  it('leaves what waits to whoever comes next, and nothing otherwise', async () => {
    const journal = await opened();
    await journal.append(entry('a'));
    await journal.append(entry('b'));
    journal.confirm('b');
    await journal.close();
    expect(await reasonOf(journal.append(entry('c')))).toBe('closed');
    const next = new FileSpillJournal({ directory: folder });
    cleanups.push(() => next.close());
    expect(await next.start()).toEqual({ entries: [entry('a')], warnings: [] });
    expect(next.length).toBe(1);
    next.confirm('a');
    await next.close();
    expect(await names()).toEqual([]);
  });

  it('keeps what is being appended when it is closed', async () => {
    const journal = await opened();
    const appends = ['a', 'b'].map((id) => journal.append(entry(id)));
    await journal.close();
    await Promise.all(appends);
    const next = new FileSpillJournal({ directory: folder });
    cleanups.push(() => next.close());
    expect(idsOf((await next.start()).entries)).toEqual(['a', 'b']);
  });

  it('answers a second start as the first, and closes twice', async () => {
    const journal = await opened();
    expect(await journal.start()).toBe(await journal.start());
    expect(await names('.journal')).toHaveLength(1);
    await Promise.all([journal.close(), journal.close()]);
    expect(await names()).toEqual([]);
  });

  it('refuses an id that does not fit', async () => {
    const journal = await opened();
    expect(await reasonOf(journal.append(entry('x'.repeat(65_536))))).toBe('invalid');
    expect(await reasonOf(journal.append({ ...entry('a'), context: 'x'.repeat(65_536) }))).toBe(
      'invalid',
    );
    await journal.append({ ...entry('a'), id: 'x'.repeat(65_535), context: 'x'.repeat(65_535) });
  });

  it.each([{ maxBytes: 0 }, { maxBytes: 1.5 }, { maxBytes: Number.NaN }, { directory: '' }])(
    'refuses the settings %j',
    (options) => {
      expect(() => new FileSpillJournal(options)).toThrow(ConfigurationError);
    },
  );
});

describe('a disk that fails', () => {
  it.each(['failWrite', 'failSync'] as const)(
    'rejects the append, and loses nothing else: %s',
    async (fault) => {
      const disk = new TestDisk();
      const journal = await opened({}, disk);
      await journal.append(entry('before'));
      disk[fault] = 'ENOSPC';
      const error: unknown = await journal.append(entry('canary-id', 500)).catch((e: unknown) => e);
      expect(error).toMatchObject({ code: 'journal_failed', reason: 'failed' });
      expect(`${inspect(error)}${JSON.stringify(error)}`).toContain('ENOSPC');
      expect(`${inspect(error)}${JSON.stringify(error)}`).not.toContain('canary');
      expect(journal.writable).toBe(false);
      expect(journal.length).toBe(1);
      expect(idsOf((await afterCrash(folder)).entries)).toContain('before');
      disk[fault] = undefined;
      await journal.append(entry('after'));
      expect(journal.writable).toBe(true);
      const found = await afterCrash(folder);
      expect(found).toEqual({ entries: [entry('before'), entry('after')], warnings: [] });
    },
  );

  it.each(['failWrite', 'failSync'] as const)('comes back by itself: %s', async (fault) => {
    const clock = new TestClock();
    const disk = new TestDisk();
    const journal = await opened({ clock }, disk);
    disk[fault] = 'EIO';
    expect(await reasonOf(journal.append(entry('a')))).toBe('failed');
    expect(journal.writable).toBe(false);
    const { writes } = disk;
    clock.fire(5_000);
    await until(() => disk.writes > writes);
    disk[fault] = undefined;
    // Armed again once the failed try has been tidied up.
    await until(() => {
      clock.fire(5_000);
      return journal.writable;
    });
    expect(await afterCrash(folder)).toEqual({ entries: [], warnings: [] });
  });

  it('fault 14: serves again on a full disk as soon as enough is confirmed', async () => {
    // What fits on it, this file and any other.
    let room = 3_000;
    const disk = new TestDisk();
    const { step } = disk;
    disk.write = async (descriptor, bytes) => {
      if (room === 0) throw Object.assign(new Error(), { code: 'ENOSPC' });
      const written = await systemDisk.write(descriptor, bytes.subarray(0, Math.min(room, step)));
      room -= written;
      return written;
    };
    const clock = new TestClock();
    const journal = await opened({ clock }, disk);
    await journal.append(entry('a', 2_000));
    expect(await reasonOf(journal.append(entry('b', 2_000)))).toBe('failed');
    expect(await afterCrash(folder)).toEqual({ entries: [entry('a', 2_000)], warnings: [] });
    journal.confirm('a');
    clock.fire(1_000);
    await until(async () => (await stat(await onlyFile())).size < 1_000);
    room = 3_000;
    await journal.append(entry('b', 2_000));
    expect(journal.writable).toBe(true);
    expect((await afterCrash(folder)).entries).toEqual([entry('b', 2_000)]);
  });

  it('serves what still fits when there is no room for another file', async () => {
    const disk = new TestDisk();
    const journal = await opened({}, disk);
    for (const id of ['a', 'b']) await journal.append(entry(id));
    journal.confirm('a');
    disk.failWrite = 'ENOSPC';
    expect(await reasonOf(journal.append(entry('c')))).toBe('failed');
    disk.failWrite = undefined;
    await journal.append(entry('d'));
    expect(await onlyFile()).toMatch(/-1\.journal$/);
    // The confirmation that the failed append would have taken along is not forgotten.
    const found = await afterCrash(folder);
    expect(found).toEqual({ entries: [entry('b'), entry('d')], warnings: [] });
  });

  it('is written in as many steps as it takes', async () => {
    const disk = new TestDisk();
    disk.step = 7;
    const journal = await opened({}, disk);
    await journal.append(entry('a', 1_000));
    expect(disk.writes).toBeGreaterThan(100);
    expect((await afterCrash(folder)).entries).toEqual([entry('a', 1_000)]);
  });

  it('still serves when there is no room for a smaller file', async () => {
    const disk = new TestDisk();
    const journal = await opened({}, disk);
    await journal.append(entry('stays', 10_000));
    await journal.append(entry('big', 2_000_000));
    journal.confirm('big');
    // The first sync is that of the smaller file.
    disk.failSync = 'ENOSPC';
    disk.faults = 1;
    await journal.append(entry('small'));
    expect(await onlyFile()).toMatch(/-1\.journal$/);
    expect(idsOf((await afterCrash(folder)).entries)).toEqual(['small', 'stays']);
  });

  it('fault 14: warns at the start, and is used as soon as it can be', async () => {
    const clock = new TestClock();
    const disk = new TestDisk();
    disk.failWrite = 'ENOSPC';
    const journal = new FileSpillJournal({ directory: folder, clock }, disk);
    cleanups.push(() => journal.close());
    expect((await journal.start()).warnings).toEqual([expect.stringContaining('ENOSPC')]);
    expect(journal.writable).toBe(false);
    disk.failWrite = undefined;
    clock.fire(5_000);
    await until(() => journal.writable);
    await journal.append(entry('a'));
    expect(idsOf((await afterCrash(folder)).entries)).toEqual(['a']);
  });
});

describe('a file that somebody took for an orphan', () => {
  it('is replaced before anything more is promised', async () => {
    const journal = await opened();
    await journal.append(entry('a'));
    await rename(await onlyFile(), join(root, 'taken'));
    await journal.append(entry('b'));
    expect(idsOf((await afterCrash(folder)).entries)).toEqual(['a', 'b']);
  });

  it('is not relied on when it was taken while it was made', async () => {
    const disk = new TestDisk();
    const journal = await opened({}, disk);
    await rename(await onlyFile(), join(root, 'taken'));
    disk.sync = async (descriptor) => {
      await systemDisk.sync(descriptor);
      for (const name of await names('.journal'))
        await rename(join(folder, name), join(root, name));
    };
    expect(await reasonOf(journal.append(entry('a')))).toBe('failed');
    expect(journal.length).toBe(0);
  });

  it('is replaced by its owner without an append, too', async () => {
    const clock = new TestClock();
    const journal = await opened({ clock });
    await journal.append(entry('a'));
    await rename(await onlyFile(), join(root, 'taken'));
    clock.fire(5_000);
    await until(async () => (await names('.journal')).length === 1);
    await journal.append(entry('b'));
    expect(idsOf((await afterCrash(folder)).entries)).toEqual(['a', 'b']);
  });
});

describe('quarantine', () => {
  it('puts an entry aside for a person, and it is not replayed', async () => {
    const journal = await opened();
    for (const id of ['a', 'b', 'c']) await journal.append(entry(id));
    await journal.quarantine('a', 'too far behind');
    await journal.quarantine('b', 'does not open');
    await journal.quarantine('unknown', 'never seen');
    expect(journal.length).toBe(1);
    const aside = await readFile(await onlyFile('.quarantine'));
    expect(readJournal(aside).entries).toEqual([entry('a'), entry('b')]);
    expect(aside.includes('too far behind')).toBe(true);
    await journal.close();
    const next = new FileSpillJournal({ directory: folder });
    cleanups.push(() => next.close());
    expect(await next.start()).toEqual({ entries: [entry('c')], warnings: [] });
    expect((await stat(await onlyFile('.quarantine'))).mode & 0o777).toBe(0o600);
  });

  it('leaves the entry where it is when it cannot be put aside', async () => {
    const disk = new TestDisk();
    const journal = await opened({}, disk);
    await journal.append(entry('a'));
    disk.failWrite = 'ENOSPC';
    expect(await reasonOf(journal.quarantine('a', 'too far behind'))).toBe('failed');
    expect(journal.length).toBe(1);
    disk.failWrite = undefined;
    await journal.quarantine('a', 'too far behind');
    expect(journal.length).toBe(0);
    expect(readJournal(await readFile(await onlyFile('.quarantine'))).entries).toHaveLength(1);
  });
});

describe('the folder', () => {
  async function warningOf(directory: string): Promise<string> {
    const journal = new FileSpillJournal({ directory });
    cleanups.push(() => journal.close());
    const { entries, warnings } = await journal.start();
    expect([entries, warnings.length, journal.writable]).toEqual([[], 1, false]);
    expect(await reasonOf(journal.append(entry('a')))).toBe('not_writable');
    return warnings[0] ?? '';
  }

  it("is its owner's alone, as are the files", async () => {
    await opened({ directory: join(folder, 'deep') });
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    expect((await stat(join(folder, 'deep'))).mode & 0o777).toBe(0o700);
    const [name = ''] = await readdir(join(folder, 'deep'));
    expect((await stat(join(folder, 'deep', name))).mode & 0o777).toBe(0o600);
  });

  it('warns where none can be made', async () => {
    await writeFile(folder, 'a file');
    expect(await warningOf(join(folder, 'below'))).toContain('ENOTDIR');
    expect(await warningOf(folder)).toContain('EEXIST');
  });

  it('may not be a symbolic link', async () => {
    await mkdir(join(root, 'real'), { mode: 0o700 });
    await symlink(join(root, 'real'), folder);
    expect(await warningOf(folder)).toContain('symbolic link');
    expect(await readdir(join(root, 'real'))).toEqual([]);
  });

  it.each([0o770, 0o707, 0o777])('may not be writable for others: %o', async (mode) => {
    await mkdir(folder);
    await chmod(folder, mode);
    expect(await warningOf(folder)).toContain('others may write');
  });

  it('may not belong to another user', () => {
    const uid = process.getuid?.() ?? 0;
    expect(distrust({ uid: uid + 1, mode: 0o40700 })).toContain(`user ${uid + 1}`);
    expect(distrust({ uid, mode: 0o40755 })).toBeUndefined();
  });

  it('is made again when it was removed, before anything more is promised', async () => {
    const journal = await opened();
    await journal.append(entry('a'));
    await rm(folder, { recursive: true });
    await journal.append(entry('b'));
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    expect(idsOf((await afterCrash(folder)).entries)).toEqual(['a', 'b']);
  });

  it('is made again without an append, too', async () => {
    const clock = new TestClock();
    const journal = await opened({ clock });
    await journal.append(entry('a'));
    await rm(folder, { recursive: true });
    clock.fire(5_000);
    await until(async () => (await names('.journal').catch(() => [])).length === 1);
    await journal.append(entry('b'));
    expect(idsOf((await afterCrash(folder)).entries)).toEqual(['a', 'b']);
  });

  it('is made again for what is put aside', async () => {
    const journal = await opened();
    for (const id of ['a', 'b']) await journal.append(entry(id));
    await journal.quarantine('a', 'too far behind');
    await rm(folder, { recursive: true });
    await journal.quarantine('b', 'too far behind');
    const aside = readJournal(await readFile(await onlyFile('.quarantine')));
    expect(idsOf(aside.entries)).toEqual(['b']);
  });

  it('is not trusted where somebody else has made it again', async () => {
    const journal = await opened();
    await journal.append(entry('a'));
    await rm(folder, { recursive: true });
    const real = join(root, 'real');
    await mkdir(real, { mode: 0o700 });
    await symlink(real, folder);
    await expect(journal.append(entry('b'))).rejects.toMatchObject({
      reason: 'failed',
      message: expect.stringContaining('it is a symbolic link') as string,
    });
    expect(await readdir(real)).toEqual([]);
    await rm(folder);
    await mkdir(folder);
    await chmod(folder, 0o777);
    await expect(journal.append(entry('b'))).rejects.toThrow('others may write');
    await rm(folder, { recursive: true });
    await journal.append(entry('c'));
    expect(idsOf((await afterCrash(folder)).entries)).toEqual(['a', 'c']);
  });
});

describe('NO_JOURNAL', () => {
  it('keeps nothing and says so', async () => {
    expect(NO_JOURNAL.writable).toBe(false);
    expect(await NO_JOURNAL.start()).toEqual({ entries: [], warnings: [] });
    expect(await NO_JOURNAL.adoptOrphans()).toEqual({ entries: [], warnings: [] });
    expect(await reasonOf(NO_JOURNAL.append(entry('a')))).toBe('not_writable');
    NO_JOURNAL.confirm('a');
    await NO_JOURNAL.quarantine('a', 'none');
    await NO_JOURNAL.close();
    expect(NO_JOURNAL.length).toBe(0);
  });
});
