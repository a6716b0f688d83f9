import {
  chmod,
  mkdir,
  readdir,
  readFile,
  rename,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import {
  compileJournal,
  entry,
  idsOf,
  startWorker,
  temporaryFolder,
  type Worker,
} from '../../test/journal-folder.js';
import { FileSpillJournal } from './file-spill-journal.js';
import { type JournalDisk, systemDisk } from './journal-disk.js';
import { entryRecord, journalHeader, readJournal } from './journal-format.js';
import { encodeRecords } from './journal-record.js';
import type { JournalEntry } from './spill-journal.js';

const cleanups: (() => Promise<void>)[] = [];
let compiled: { url: string; close: () => Promise<void> };
let root: string;
let folder: string;

beforeAll(async () => {
  const { path, close } = await temporaryFolder();
  compiled = { url: compileJournal(path), close };
});

afterAll(() => compiled.close());

beforeEach(async () => {
  const temporary = await temporaryFolder();
  cleanups.push(temporary.close);
  root = temporary.path;
  folder = join(root, 'journal');
  await mkdir(folder, { mode: 0o700 });
});

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function journalHere(disk?: JournalDisk): FileSpillJournal {
  const journal = new FileSpillJournal({ directory: folder }, disk);
  cleanups.push(() => journal.close());
  return journal;
}

function worker(script: string): Worker {
  const started = startWorker(
    `import { existsSync, writeSync } from 'node:fs';
     import { FileSpillJournal } from ${JSON.stringify(compiled.url)};
     const say = (line) => writeSync(1, line + '\\n');
     const journal = new FileSpillJournal({ directory: ${JSON.stringify(folder)} });
     ${script}`,
  );
  cleanups.push(() => started.kill());
  return started;
}

const full = (): Promise<never> => Promise.reject(Object.assign(new Error(), { code: 'ENOSPC' }));
const FULL_DISK: JournalDisk = { write: full, sync: full };

const OWNER_ELSEWHERE = '1 1 elsewhere';
const SOME_INSTANCE = '0123456789abcdef';

const bytesOf = (entries: readonly JournalEntry[], owner = OWNER_ELSEWHERE): Buffer =>
  Buffer.concat([journalHeader(owner), encodeRecords(entries.map(entryRecord))]);

async function leave(name: string, bytes: Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, bytes, { mode: 0o600 });
  return path;
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setImmediate(resolve));
}

const secondsAgo = (seconds: number): Date => new Date(Date.now() - seconds * 1_000);

describe('a process that was killed', () => {
  it('leaves every entry that it was promised to keep', async () => {
    const killed = worker(`
      await journal.start();
      let next = 0;
      await Promise.all(Array.from({ length: 40 }, async () => {
        for (;;) {
          const id = 'id-' + next++;
          const sealed = Buffer.alloc(1500, id);
          await journal.append({ id, context: 'record-of-' + id, sealed });
          say(id);
        }
      }));`);
    await killed.said(3_000);
    await killed.kill();
    const journal = journalHere();
    const { entries } = await journal.start();
    expect(killed.lines.length).toBeGreaterThanOrEqual(3_000);
    const kept = new Map(entries.map((each) => [each.id, each]));
    const isWhole = (id: string): boolean =>
      entry(id, 1_500).sealed.toString() === Buffer.from(kept.get(id)?.sealed ?? []).toString();
    expect(killed.lines.filter((id) => !isWhole(id))).toEqual([]);
    expect(journal.length).toBe(entries.length);
  });

  it('leaves what was not confirmed while new files were written all the time', async () => {
    const killed = worker(`
      await journal.start();
      for (let at = 0; ; at += 1) {
        const stays = { id: 'stays-' + at, context: '', sealed: Buffer.alloc(10) };
        const goes = { id: 'goes-' + at, context: '', sealed: Buffer.alloc(400_000) };
        await Promise.all([journal.append(stays), journal.append(goes)]);
        say(stays.id);
        journal.confirm(goes.id);
      }`);
    await killed.said(60);
    await killed.kill();
    const { entries } = await journalHere().start();
    const found = new Set(idsOf(entries));
    expect(killed.lines.filter((id) => !found.has(id))).toEqual([]);
    // What was confirmed before the last batch was written is gone.
    expect(entries.filter(({ id }) => id.startsWith('goes')).length).toBeLessThanOrEqual(3);
  });

  it('is found by a journal that runs already, but not while it lives, however long it is paused', async () => {
    const other = worker(`
      await journal.start();
      await journal.append({ id: 'a', context: '', sealed: Buffer.alloc(1) });
      say('ready');
      setInterval(() => undefined, 1000);`);
    await other.said(1);
    other.process.kill('SIGSTOP');
    const [name = ''] = await readdir(folder);
    await utimes(join(folder, name), secondsAgo(3_600), secondsAgo(3_600));
    const journal = journalHere();
    expect((await journal.start()).entries).toEqual([]);
    expect((await journal.adoptOrphans()).entries).toEqual([]);
    await other.kill();
    expect(idsOf((await journal.adoptOrphans()).entries)).toEqual(['a']);
    expect((await journal.adoptOrphans()).entries).toEqual([]);
    expect(journal.length).toBe(1);
  });

  it('is adopted by one of several that come at once', async () => {
    const expected: string[] = [];
    for (let file = 0; file < 40; file += 1) {
      const entries = [0, 1, 2].map((at) => entry(`id-${file}-${at}`));
      await leave(`${SOME_INSTANCE}-${file}.journal`, bytesOf(entries));
      await utimes(
        join(folder, `${SOME_INSTANCE}-${file}.journal`),
        secondsAgo(60),
        secondsAgo(60),
      );
      expected.push(...idsOf(entries));
    }
    const go = join(root, 'go');
    const workers = [0, 1, 2].map(() =>
      worker(`
        say('ready');
        while (!existsSync(${JSON.stringify(go)}));
        const { entries, warnings } = await journal.start();
        say(JSON.stringify({ ids: entries.map(({ id }) => id), warnings }));
        setInterval(() => undefined, 1000);`),
    );
    await Promise.all(workers.map((each) => each.said(1)));
    await writeFile(go, '');
    await Promise.all(workers.map((each) => each.said(2)));
    const answers = workers.map(
      ({ lines }) => JSON.parse(lines[1] ?? '') as { ids: string[]; warnings: string[] },
    );
    expect(answers.flatMap(({ ids }) => ids).sort()).toEqual(expected.sort());
    expect(answers.flatMap(({ warnings }) => warnings)).toEqual([]);
    // All of them died: nothing was adopted only in name.
    for (const each of workers) await each.kill();
    expect(idsOf((await journalHere().start()).entries)).toEqual(expected.sort());
  }, 15_000);
});

describe('a file whose owner cannot be seen from here', () => {
  it('is left alone while it is touched, and adopted when it was not for 15 s', async () => {
    const path = await leave(`${SOME_INSTANCE}-1.journal`, bytesOf([entry('a')]));
    const journal = journalHere();
    expect((await journal.start()).entries).toEqual([]);
    await utimes(path, secondsAgo(10), secondsAgo(10));
    expect((await journal.adoptOrphans()).entries).toEqual([]);
    await utimes(path, secondsAgo(16), secondsAgo(16));
    expect(idsOf((await journal.adoptOrphans()).entries)).toEqual(['a']);
    expect((await journal.adoptOrphans()).entries).toEqual([]);
    journal.confirm('a');
    await journal.close();
    expect(await readdir(folder)).toEqual([]);
  });

  it('is deleted when its owner died before it wrote anything', async () => {
    const path = await leave(`${SOME_INSTANCE}-1.journal`, Buffer.alloc(0));
    await utimes(path, secondsAgo(16), secondsAgo(16));
    const journal = journalHere();
    expect(await journal.start()).toEqual({ entries: [], warnings: [] });
    await journal.close();
    expect(await readdir(folder)).toEqual([]);
  });
});

describe('what an adopter left that died on the way', () => {
  const DEAD = 'dddddddddddddddd';

  it('is adopted with its own journal', async () => {
    await leave(`${SOME_INSTANCE}-1.${DEAD}.claim`, bytesOf([entry('claimed')]));
    const own = await leave(`${DEAD}-1.journal`, bytesOf([entry('own')]));
    const journal = journalHere();
    expect((await journal.start()).entries).toEqual([]);
    await utimes(own, secondsAgo(16), secondsAgo(16));
    expect(idsOf((await journal.adoptOrphans()).entries)).toEqual(['claimed', 'own']);
  });

  it('is not given out that this process has, too', async () => {
    const journal = journalHere();
    await journal.start();
    await journal.append(entry('a'));
    await leave(`${SOME_INSTANCE}-1.orphan`, bytesOf([entry('a'), entry('b')]));
    expect(idsOf((await journal.adoptOrphans()).entries)).toEqual(['b']);
    expect(journal.length).toBe(2);
  });

  it('is taken once when some of it was adopted before', async () => {
    await leave(`${SOME_INSTANCE}-1.orphan`, bytesOf([entry('a'), entry('b')]));
    await leave(`${DEAD}-1.orphan`, bytesOf([entry('a')]));
    const journal = journalHere();
    expect(idsOf((await journal.start()).entries)).toEqual(['a', 'b']);
    expect(journal.length).toBe(2);
  });
});

describe('a damaged file', () => {
  const whole = bytesOf([entry('a'), entry('b'), entry('c')]);
  const afterA = bytesOf([entry('a')]).length;
  const afterB = bytesOf([entry('a'), entry('b')]).length;

  function flipped(at: number): Buffer {
    const bytes = Buffer.from(whole);
    bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
    return bytes;
  }

  it.each([
    { where: 'torn at its end', left: whole.subarray(0, -3), goodLength: afterB, good: ['a', 'b'] },
    { where: 'in its middle', left: flipped(afterA + 20), goodLength: afterA, good: ['a'] },
    { where: 'in its front', left: flipped(0), goodLength: 0, good: [] },
  ])(
    'fault 15: is used as far as it is whole, the rest is kept: $where',
    async ({ left, goodLength, good }) => {
      await leave(`${SOME_INSTANCE}-1.orphan`, left);
      const journal = journalHere();
      const { entries, warnings } = await journal.start();
      expect(idsOf(entries)).toEqual(good);
      for (const id of good) journal.confirm(id);
      await journal.close();
      const bad = `${SOME_INSTANCE}-1.orphan.bad`;
      expect(await readFile(join(folder, bad))).toEqual(left);
      expect((await stat(join(folder, bad))).mode & 0o777).toBe(0o600);
      expect(warnings).toEqual([expect.stringContaining(bad)]);
      expect(warnings[0]).toContain(`${left.length - goodLength} bytes`);
      expect(await readdir(folder)).toEqual([bad]);
    },
  );

  it('fault 16: of another version is left alone, with one warning', async () => {
    const bytes = Buffer.from(
      bytesOf([entry('a')])
        .toString('latin1')
        .replace('journal 1', 'journal 2'),
      'latin1',
    );
    const path = await leave(`${SOME_INSTANCE}-1.orphan`, bytes);
    const journal = journalHere();
    const { entries, warnings } = await journal.start();
    expect(entries).toEqual([]);
    expect(warnings).toEqual([expect.stringContaining('another version')]);
    expect((await journal.adoptOrphans()).warnings).toEqual([]);
    expect(await readFile(path)).toEqual(bytes);
  });
});

describe('a file that is not to be trusted', () => {
  it('is left alone: a symbolic link', async () => {
    const target = join(root, 'target');
    await writeFile(target, bytesOf([entry('a')]), { mode: 0o600 });
    await symlink(target, join(folder, `${SOME_INSTANCE}-1.orphan`));
    const { entries, warnings } = await journalHere().start();
    expect(entries).toEqual([]);
    expect(warnings).toEqual([expect.stringContaining('symbolic link')]);
    expect(await readFile(target)).toEqual(bytesOf([entry('a')]));
  });

  it('is left alone: one that others may write to, and a folder', async () => {
    const path = await leave(`${SOME_INSTANCE}-1.orphan`, bytesOf([entry('a')]));
    await chmod(path, 0o666);
    await mkdir(join(folder, `${SOME_INSTANCE}-2.orphan`), { mode: 0o700 });
    const { entries, warnings } = await journalHere().start();
    expect(entries).toEqual([]);
    expect([...warnings].sort()).toEqual([
      expect.stringContaining('others may write'),
      expect.stringContaining('no file'),
    ]);
  });

  it('is not looked at: anything of another name', async () => {
    await leave('readme.txt', Buffer.from('x'));
    await leave(`${SOME_INSTANCE}-1.orphan.bad`, bytesOf([entry('a')]));
    await leave(`${SOME_INSTANCE}-1.quarantine`, bytesOf([entry('b')]));
    expect(await journalHere().start()).toEqual({ entries: [], warnings: [] });
    expect(await readdir(folder)).toHaveLength(4);
  });
});

describe('an orphan that cannot be adopted now', () => {
  it('waits until there is room', async () => {
    const journal = new FileSpillJournal({ directory: folder, maxBytes: 3_000 });
    cleanups.push(() => journal.close());
    await journal.start();
    await journal.append(entry('own', 2_000));
    await leave(`${SOME_INSTANCE}-1.orphan`, bytesOf([entry('a', 2_000)]));
    expect((await journal.adoptOrphans()).entries).toEqual([]);
    journal.confirm('own');
    expect(idsOf((await journal.adoptOrphans()).entries)).toEqual(['a']);
  });

  it('does not wait for ever: one that is larger than all the room', async () => {
    const journal = new FileSpillJournal({ directory: folder, maxBytes: 1_000 });
    cleanups.push(() => journal.close());
    await leave(`${SOME_INSTANCE}-1.orphan`, bytesOf([entry('a', 2_000)]));
    expect(idsOf((await journal.start()).entries)).toEqual(['a']);
  });

  it('is adopted when the disk is full, and kept until the last of it is confirmed', async () => {
    const journal = journalHere(FULL_DISK);
    const orphan = `${SOME_INSTANCE}-1.orphan`;
    await leave(orphan, bytesOf([entry('a'), entry('b'), entry('c')]));
    const { entries, warnings } = await journal.start();
    expect(idsOf(entries)).toEqual(['a', 'b', 'c']);
    expect(warnings).toEqual([expect.stringContaining('ENOSPC')]);
    journal.confirm('a');
    journal.confirm('b');
    expect(journal.length).toBe(1);
    await journal.close();
    expect(await readdir(folder)).toEqual([orphan]);
    const next = journalHere();
    for (const { id } of (await next.start()).entries) next.confirm(id);
    await next.close();
    expect(await readdir(folder)).toEqual([]);
  });
});

describe('a file that goes from hand to hand', () => {
  const orphan = `${SOME_INSTANCE}-1.orphan`;

  it('stays while an entry of it waits: adopters without a file of their own', async () => {
    await leave(orphan, bytesOf([entry('a'), entry('b')]));
    const [first, second] = [journalHere(FULL_DISK), journalHere(FULL_DISK)];
    expect(idsOf((await first.start()).entries)).toEqual(['a', 'b']);
    expect(idsOf((await second.start()).entries)).toEqual(['a', 'b']);
    expect((await first.adoptOrphans()).entries).toEqual([]);
    first.confirm('a');
    second.confirm('b');
    expect([first.length, second.length]).toEqual([1, 1]);
    await first.close();
    await second.close();
    expect(await readdir(folder)).toEqual([orphan]);
    expect(idsOf((await journalHere().start()).entries)).toEqual(['a', 'b']);
  });

  it('is deleted by whoever has it last, once all is confirmed', async () => {
    await leave(orphan, bytesOf([entry('a'), entry('b')]));
    const [first, second] = [journalHere(FULL_DISK), journalHere(FULL_DISK)];
    await first.start();
    await second.start();
    await first.adoptOrphans();
    for (const journal of [first, second]) for (const id of ['a', 'b']) journal.confirm(id);
    expect([first.length, second.length]).toEqual([0, 0]);
    await first.close();
    await second.close();
    expect(await readdir(folder)).toEqual([]);
  });

  it('stays while an entry of it waits that is replayed once more', async () => {
    await leave(orphan, bytesOf([entry('a'), entry('b')]));
    const [first, second] = [journalHere(FULL_DISK), journalHere(FULL_DISK)];
    await first.start();
    await second.start();
    first.confirm('a');
    expect(idsOf((await first.adoptOrphans()).entries)).toEqual(['a']);
    first.confirm('b');
    await first.close();
    expect(idsOf((await journalHere().start()).entries)).toEqual(['a', 'b']);
  });

  it('stays while an entry of it waits: its owner, that has found no room for another', async () => {
    const disk = { ...systemDisk };
    const owner = journalHere(disk);
    await owner.start();
    for (const id of ['a', 'b']) await owner.append(entry(id));
    const [name = ''] = await readdir(folder);
    const left = name.replace(/journal$/, 'orphan');
    await rename(join(folder, name), join(folder, left));
    Object.assign(disk, FULL_DISK);
    expect((await owner.adoptOrphans()).entries).toEqual([]);
    owner.confirm('a');
    await owner.close();
    expect(await readdir(folder)).toEqual([left]);
    expect(idsOf((await journalHere().start()).entries)).toEqual(['a', 'b']);
  });

  it('stays while an entry of it waits that is in another file, too', async () => {
    await leave(orphan, bytesOf([entry('a'), entry('b')]));
    const journal = journalHere();
    await journal.start();
    await leave(`${SOME_INSTANCE}-2.orphan`, bytesOf([entry('a')]));
    await journal.adoptOrphans();
    journal.confirm('b');
    expect(await readdir(folder)).toHaveLength(3);
    journal.confirm('a');
    await journal.close();
    expect(await readdir(folder)).toEqual([]);
  });
});

describe('entries that the caller has no use for', () => {
  const orphan = `${SOME_INSTANCE}-1.orphan`;
  const mine = ({ id }: JournalEntry): boolean => id.startsWith('mine');
  const theirs = (each: JournalEntry): boolean => !mine(each);

  it('are left to others, who need not wait until this process ends', async () => {
    const path = await leave(orphan, bytesOf([entry('theirs')]));
    const { ctimeMs } = await stat(path);
    const journal = journalHere();
    expect(await journal.start(mine)).toEqual({ entries: [], warnings: [] });
    expect((await journal.adoptOrphans(mine)).entries).toEqual([]);
    expect(journal.length).toBe(0);
    // Not even for a moment was it taken away.
    expect((await stat(path)).ctimeMs).toBe(ctimeMs);
    expect(idsOf((await journalHere().start(theirs)).entries)).toEqual(['theirs']);
  });

  it('are given back with their file when the others in it are confirmed, which are not replayed', async () => {
    await leave(orphan, bytesOf([entry('mine'), entry('theirs')]));
    const [journal, other] = [journalHere(), journalHere()];
    expect(idsOf((await journal.start(mine)).entries)).toEqual(['mine']);
    expect((await other.start(theirs)).entries).toEqual([]);
    journal.confirm('mine');
    await until(async () => (await readdir(folder)).includes(orphan));
    expect((await journal.adoptOrphans(mine)).entries).toEqual([]);
    expect(idsOf((await other.adoptOrphans(theirs)).entries)).toEqual(['theirs']);
  });

  it('are adopted by another caller of the same journal, and deleted by the last', async () => {
    await leave(orphan, bytesOf([entry('mine'), entry('theirs')]));
    await leave(`${SOME_INSTANCE}-2.orphan`, bytesOf([entry('theirs-2')]));
    const journal = journalHere();
    expect(idsOf((await journal.start(mine)).entries)).toEqual(['mine']);
    const answers = await Promise.all([mine, theirs].map((is) => journal.adoptOrphans(is)));
    expect(answers.map(({ entries }) => idsOf(entries))).toEqual([[], ['theirs-2']]);
    journal.confirm('theirs-2');
    journal.confirm('mine');
    await until(async () => (await readdir(folder)).includes(orphan));
    expect(idsOf((await journal.adoptOrphans(theirs)).entries)).toEqual(['theirs']);
    journal.confirm('theirs');
    await journal.close();
    expect(await readdir(folder)).toEqual([]);
  });
});

describe('an adopted entry', () => {
  it('is not written again, and may be quarantined', async () => {
    await leave(`${SOME_INSTANCE}-1.orphan`, bytesOf([entry('a'), entry('b')]));
    const journal = journalHere();
    await journal.start();
    await journal.append(entry('a'));
    expect(journal.length).toBe(2);
    await journal.quarantine('b', 'too far behind');
    journal.confirm('a');
    await journal.close();
    const [name = '', ...others] = await readdir(folder);
    expect(others).toEqual([]);
    expect(readJournal(await readFile(join(folder, name))).entries).toEqual([entry('b')]);
  });
});
