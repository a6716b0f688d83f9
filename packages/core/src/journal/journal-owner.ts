import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { systemCode } from './spill-journal-error.js';

/** A file that was not touched for this long has no living owner, unless it can be seen to live, ms. @internal */
export const STALE_AFTER_MS = 15_000;

function tryRead(read: () => string): string | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/**
 * Where process ids mean the same: on Linux one boot and one namespace of process ids, so that two containers are never
 * mistaken for one another; elsewhere the host. Undefined where Linux hides it: then process ids mean nothing.
 */
function place(): string | undefined {
  if (process.platform !== 'linux') return hostname();
  const boot = tryRead(() => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim());
  const namespace = tryRead(() => readlinkSync('/proc/self/ns/pid'));
  return boot !== undefined && namespace !== undefined ? `${boot}/${namespace}` : undefined;
}

/** State and start time of a process, fields 3 and 22 of `/proc/<pid>/stat` (proc(5)); the name before them may hold anything. */
function processFacts(pid: string): { state: string; startedAt: string } | undefined {
  const stat = tryRead(() => readFileSync(`/proc/${pid}/stat`, 'latin1'));
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields && { state: fields[0] ?? '', startedAt: fields[19] ?? '' };
}

/**
 * Who this process is: its id, when it was started, and where that id means something.
 *
 * @internal
 */
export function describeThisProcess(): string {
  const pid = String(process.pid);
  return `${pid} ${processFacts('self')?.startedAt ?? '-'} ${place() ?? '-'}`;
}

function pidExists(pid: string): boolean {
  try {
    return process.kill(Number(pid), 0);
  } catch (error) {
    return systemCode(error) !== 'ESRCH';
  }
}

/**
 * Whether a process that described itself lives; undefined when that cannot be told from here.
 *
 * A process that was killed and that nobody has waited for still has its id (a zombie): it does not live.
 *
 * @internal
 */
export function livesHere(description: string): boolean | undefined {
  const [pid = '', startedAt = '', where = ''] = description.split(' ');
  if (!/^[1-9]\d*$/.test(pid) || where === '-' || where !== place()) return undefined;
  if (!pidExists(pid)) return false;
  const facts = processFacts(pid);
  if (facts === undefined) return undefined;
  return facts.startedAt === startedAt && !/^[ZX]$/.test(facts.state);
}

/**
 * Whether a file has lost its owner. Both answers may be wrong for a process in another container that was paused or has
 * just died; who takes a file of the living does no harm, as its owner notices before it promises anything.
 *
 * @internal
 */
export function isOrphaned(owner: string | undefined, touchedAt: number, now: number): boolean {
  const lives = owner === undefined ? undefined : livesHere(owner);
  // Either way: the clock may have been set back since the last touch.
  return lives === undefined ? Math.abs(now - touchedAt) > STALE_AFTER_MS : !lives;
}
