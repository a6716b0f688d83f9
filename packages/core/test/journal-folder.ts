import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { transformSync } from '@swc/core';
import { FileSpillJournal } from '../src/journal/file-spill-journal.js';
import type { JournalEntry, JournalStart } from '../src/journal/spill-journal.js';

const SOURCES = join(dirname(fileURLToPath(import.meta.url)), '..', 'src');

/** A folder of its own; `close` deletes it. */
export async function temporaryFolder(): Promise<{ path: string; close: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'oauth-token-journal-'));
  return { path, close: () => rm(path, { recursive: true, force: true }) };
}

export const entry = (id: string, bytes = 100): JournalEntry => ({
  id,
  context: `record-of-${id}`,
  sealed: Buffer.alloc(bytes, id),
});

export const idsOf = (entries: readonly JournalEntry[]): string[] =>
  entries.map(({ id }) => id).sort();

/** What a process finds that starts after the owner of a folder has lost its power now: in a copy of the folder. */
export async function afterCrash(folder: string): Promise<JournalStart> {
  const copy = await temporaryFolder();
  const target = join(copy.path, 'journal');
  await mkdir(target, { mode: 0o700 });
  for (const name of await readdir(folder)) {
    await copyFile(join(folder, name), join(target, name.replace(/\.journal$/, '.orphan')));
  }
  const journal = new FileSpillJournal({ directory: target });
  const found = await journal.start();
  await journal.close();
  await copy.close();
  return found;
}

/** The journal as plain JavaScript, for processes that are to be killed. */
export function compileJournal(target: string): string {
  for (const folder of ['journal', 'errors', 'timing', 'util']) {
    mkdirSync(join(target, folder), { recursive: true });
    for (const name of readdirSync(join(SOURCES, folder))) {
      if (name.endsWith('.spec.ts')) continue;
      const { code } = transformSync(readFileSync(join(SOURCES, folder, name), 'utf8'), {
        swcrc: false,
        jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
        module: { type: 'es6' },
      });
      writeFileSync(join(target, folder, name.replace(/\.ts$/, '.js')), code);
    }
  }
  writeFileSync(join(target, 'package.json'), '{"type":"module"}');
  return join(target, 'journal', 'file-spill-journal.js');
}

/** A process that runs a script; `lines` are what it has said so far. */
export interface Worker {
  readonly process: ChildProcess;
  readonly lines: readonly string[];
  /** Resolves once it has said that many lines, or has ended. */
  said(count: number): Promise<void>;
  /** Kills it, and resolves once all that it said has arrived. */
  kill(): Promise<void>;
}

export function startWorker(script: string, ...args: readonly string[]): Worker {
  const child = spawn(process.execPath, ['--input-type=module', '-', ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { PATH: process.env['PATH'] },
  });
  child.stdin.write(script);
  child.stdin.end();
  const lines: string[] = [];
  const reader = createInterface(child.stdout);
  const ended = new Promise<void>((resolve) =>
    child.once('close', () => {
      resolve();
    }),
  );
  reader.on('line', (line) => lines.push(line));
  const enough = (count: number): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (lines.length < count) return;
        reader.off('line', look);
        resolve();
      };
      reader.on('line', look);
      look();
    });
  return {
    process: child,
    lines,
    said: (count) => Promise.race([enough(count), ended]),
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
