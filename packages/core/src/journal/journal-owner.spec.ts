import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { describeThisProcess, isOrphaned, livesHere } from './journal-owner.js';

const [pid = '', startedAt = '', place = ''] = describeThisProcess().split(' ');
const onLinux = process.platform === 'linux' ? it : it.skip;

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

describe('the owner of a journal file', () => {
  onLinux('lives when its id and its start are those of a running process', () => {
    expect(pid).toBe(String(process.pid));
    expect(livesHere(describeThisProcess())).toBe(true);
  });

  onLinux('is dead when its id has gone to another process', () => {
    expect(livesHere(`${pid} ${Number(startedAt) - 1} ${place}`)).toBe(false);
  });

  it('is dead when there is no process of its id', () => {
    expect(livesHere(`4194305 ${startedAt} ${place}`)).toBe(false);
  });

  onLinux('is dead when it was killed and nobody has waited for it', async () => {
    // The shell becomes another program, which knows nothing of the child; only then may the child end.
    const parent = spawn('sh', ['-c', 'cat <&3 & echo $!; exec sleep 60'], {
      stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
    });
    try {
      const [line] = (await once(parent.stdout as Readable, 'data')) as [Buffer];
      const zombie = line.toString().trim();
      await until(() => readFileSync(`/proc/${String(parent.pid)}/comm`, 'latin1') === 'sleep\n');
      (parent.stdio[3] as Writable).end();
      const stat = (): string[] =>
        readFileSync(`/proc/${zombie}/stat`, 'latin1')
          .replace(/^.*\) /, '')
          .split(' ');
      await until(() => stat()[0] === 'Z');
      expect(livesHere(`${zombie} ${stat()[19] ?? ''} ${place}`)).toBe(false);
    } finally {
      parent.kill('SIGKILL');
      await once(parent, 'close');
    }
  });

  it.each([
    ['of another boot or container', `${pid} ${startedAt} elsewhere`],
    ['without a place', `${pid} ${startedAt} -`],
    ['that is no description', 'nonsense'],
    ['that is empty', ''],
  ])('cannot be told from here: one %s', (_name, description) => {
    expect(livesHere(description)).toBeUndefined();
  });

  it('that cannot be told has lost its file when it was not touched for 15 s', () => {
    const elsewhere = '1 1 elsewhere';
    expect(isOrphaned(elsewhere, 1_000_000, 1_015_000)).toBe(false);
    expect(isOrphaned(elsewhere, 1_000_000, 1_015_001)).toBe(true);
    expect(isOrphaned(undefined, 1_000_000, 1_015_001)).toBe(true);
    // The clock was set back.
    expect(isOrphaned(elsewhere, 1_015_001, 1_000_000)).toBe(true);
  });

  onLinux('that lives keeps its file however long it was paused', () => {
    expect(isOrphaned(describeThisProcess(), 0, 1_000_000)).toBe(false);
  });
});
