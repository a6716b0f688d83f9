import { randomBytes } from 'node:crypto';

/*
 * What a folder holds: `<instance>-<n>.journal` (written by its owner), `<instance>-<n>.orphan` (given up by its owner),
 * `<instance>-<n>.<adopter>.claim` (being adopted), `<instance>-<n>.quarantine` and `….bad` (for a person to look at).
 */

const JOURNAL = /^([0-9a-f]{16})-\d+\.journal$/;
const ORPHAN = /^[0-9a-f]{16}-\d+\.orphan$/;
const CLAIM = /^[0-9a-f]{16}-\d+\.([0-9a-f]{16})\.claim$/;

/** A random name for one journal of one process. @internal */
export const newInstance = (): string => randomBytes(8).toString('hex');

/** The name of a file that is written by its owner, or that it puts entries aside in. @internal */
export const journalName = (
  instance: string,
  sequence: number,
  kind: 'journal' | 'quarantine',
): string => `${instance}-${sequence}.${kind}`;

/** The name under which a file may be taken by anybody. @internal */
export const releasedName = (name: string): string =>
  name.replace(/(?:\.journal|\.[0-9a-f]{16}\.claim)$/, '.orphan');

/** The name under which an instance adopts a file, and it alone. @internal */
export const claimName = (name: string, instance: string): string =>
  `${releasedName(name).replace(/\.orphan$/, '')}.${instance}.claim`;

/** The name for what of a file cannot be read. @internal */
export const badName = (name: string): string => `${releasedName(name)}.bad`;

/** A file that may be an orphan. @internal */
export interface Candidate {
  readonly name: string;
  /** It was given up by its owner or by an adopter that died, so nobody has to be asked. */
  readonly free: boolean;
}

/** Files of a folder that may be orphans, but for those of one instance. @internal */
export function candidates(names: readonly string[], instance: string): readonly Candidate[] {
  const instances = new Set(names.map((name) => JOURNAL.exec(name)?.[1]));
  const found: Candidate[] = [];
  for (const name of names) {
    const owner = JOURNAL.exec(name)?.[1];
    const adopter = CLAIM.exec(name)?.[1];
    if (owner !== undefined && owner !== instance) found.push({ name, free: false });
    if (ORPHAN.test(name)) found.push({ name, free: true });
    // Whoever adopts has a journal itself, so a claim without one belongs to a process that died on the way.
    if (adopter !== undefined && adopter !== instance && !instances.has(adopter)) {
      found.push({ name, free: true });
    }
  }
  return found;
}
