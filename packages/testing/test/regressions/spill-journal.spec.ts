import {
  FileSpillJournal,
  type JournalEntry,
  type JournalStart,
  SpillJournal,
  type TokenManager,
} from '@oauth-token/core';
import { jest } from '@jest/globals';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RegressionBench } from './regression-bench.js';

let bench: RegressionBench;
let directory: string;

beforeEach(async () => {
  bench = new RegressionBench();
  directory = await mkdtemp(join(tmpdir(), 'oauth-token-journal-'));
});
afterEach(async () => {
  await bench.close();
  await rm(directory, { recursive: true });
});

/** A journal in memory that tells what it was asked. */
class ListedJournal extends SpillJournal {
  override readonly writable = true;
  readonly entries: JournalEntry[];
  readonly confirmed: string[] = [];
  readonly quarantined: string[] = [];

  constructor(left: readonly JournalEntry[] = []) {
    super();
    this.entries = [...left];
  }

  override get length(): number {
    return this.entries.length;
  }

  override start(): Promise<JournalStart> {
    return Promise.resolve({ entries: [...this.entries], warnings: [] });
  }

  override adoptOrphans(): Promise<JournalStart> {
    return Promise.resolve({ entries: [], warnings: [] });
  }

  override append(entry: JournalEntry): Promise<void> {
    this.entries.push(entry);
    return Promise.resolve();
  }

  override confirm(id: string): void {
    this.confirmed.push(id);
  }

  override quarantine(id: string): Promise<void> {
    this.quarantined.push(id);
    return Promise.resolve();
  }

  override close(): Promise<void> {
    return Promise.resolve();
  }
}

const START_MS = 300_000;

/** A manager whose store goes away just before it has the second tokens. */
async function losing(spill: SpillJournal): Promise<TokenManager> {
  const manager = bench.manager(bench.registration(), { spill });
  await manager.start();
  await manager.drain();
  bench.store.commitsFail = true;
  return manager;
}

describe('the spill journal', () => {
  it('is not written while the store answers', async () => {
    const spill = new ListedJournal();
    const manager = bench.manager(bench.registration(), { spill });
    await manager.start();
    await manager.drain();
    await manager.refresh('acme');
    await bench.clock.advance(1_000);
    expect(spill.entries).toHaveLength(0);
  });

  it('has an answer before its caller, when the store does not take it', async () => {
    const spill = new ListedJournal();
    const manager = await losing(spill);
    expect(await manager.refresh('acme')).toMatchObject({ outcome: 'refreshed' });
    expect(spill.entries).toHaveLength(1);
    expect(spill.confirmed).toEqual([]);
    bench.store.commitsFail = false;
    await bench.clock.advance(10_000);
    expect(spill.confirmed).toEqual([spill.entries[0]?.id]);
  });

  it('has an answer a moment after it came, when the store does not answer', async () => {
    const spill = new ListedJournal();
    const manager = bench.manager(bench.registration(), { spill });
    await manager.start();
    await manager.drain();
    const gate = bench.gate();
    const commit = bench.store.commit.bind(bench.store);
    bench.store.commit = async (key, command) => {
      await gate.passed;
      return commit(key, command);
    };
    const renewal = bench.watch(manager.refresh('acme'));
    await bench.turns();
    expect(spill.entries).toHaveLength(0);
    await bench.clock.advance(5);
    await bench.turns();
    expect(spill.entries).toHaveLength(1);
    gate.open();
    await bench.turns();
    expect(renewal.value).toMatchObject({ outcome: 'refreshed' });
    expect(spill.confirmed).toHaveLength(1);
  });

  it('holds nothing that can be read', async () => {
    const spill = new ListedJournal();
    const manager = await losing(spill);
    await manager.refresh('acme');
    const { id, context, sealed } = spill.entries[0] as JournalEntry;
    const text = `${id} ${context} ${Buffer.from(sealed).toString('latin1')}`;
    for (const secret of ['rt2', 'at2', 'acme', 'canary']) expect(text).not.toContain(secret);
  });

  it('gives the next process what the last one could not store', async () => {
    const first = new ListedJournal();
    const dead = await losing(first);
    await dead.refresh('acme');
    const before = bench.endpoint.count;
    // What the dead process would still try, comes to nothing.
    const commit = bench.store.commit.bind(bench.store);
    const replayed: string[] = [];
    bench.store.commitsFail = false;
    bench.store.commit = (key, command) => {
      replayed.push(command.intentId);
      return commit(key, command);
    };
    const spill = new ListedJournal(first.entries);
    const manager = bench.manager(bench.registration(), { spill });
    await manager.start();
    await bench.turns();
    expect(replayed).toEqual([first.entries[0]?.id]);
    expect(spill.confirmed).toEqual(replayed);
    expect(await manager.getAccessToken('acme')).toBe('at2');
    expect(bench.endpoint.count).toBe(before);
    expect(await manager.refresh('acme')).toMatchObject({ outcome: 'refreshed' });
    expect(bench.endpoint.refreshTokens).toEqual(['rt1', 'rt2']);
  });

  it('does not bring back what was forgotten meanwhile', async () => {
    const first = new ListedJournal();
    const dead = await losing(first);
    await dead.refresh('acme');
    await dead.forget('acme');
    bench.store.commitsFail = false;
    const spill = new ListedJournal(first.entries);
    const manager = bench.manager(bench.loginless(), { spill });
    await manager.start();
    await bench.turns();
    expect(spill.confirmed).toHaveLength(1);
    expect(await manager.status('acme')).toMatchObject({ state: 'none' });
  });

  it('lets tokens be served while the store is away from the start on', async () => {
    const first = new ListedJournal();
    const dead = await losing(first);
    await dead.refresh('acme');
    bench.store.readsFail = true;
    const spill = new ListedJournal(first.entries);
    const manager = bench.manager(bench.registration(), { spill });
    await manager.start();
    await bench.turns();
    expect(await manager.getAccessToken('acme')).toBe('at2');
  });

  it('in a folder outlives the process that wrote it', async () => {
    const manager = await losing(new FileSpillJournal({ directory }));
    await manager.refresh('acme');
    const [file = ''] = await readdir(directory);
    const bytes = await readFile(join(directory, file));
    expect(bytes.length).toBeGreaterThan(200);
    expect(bytes.toString('latin1')).not.toMatch(/rt2|at2|acme|canary/);
  });

  it('fault 14: says once that it cannot be kept, and renewals go on', async () => {
    const emitWarning = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const spill = new FileSpillJournal({ directory: '/dev/null' });
    const manager = await losing(spill);
    await manager.refresh('acme');
    bench.store.commitsFail = false;
    await bench.clock.advance(START_MS);
    await bench.turns();
    const warnings = emitWarning.mock.calls.map(([message]) => String(message));
    emitWarning.mockRestore();
    expect(warnings).toEqual([expect.stringMatching(/journal.*\/dev\/null/)]);
    expect(await manager.refresh('acme')).toMatchObject({ outcome: 'refreshed' });
  });
});
