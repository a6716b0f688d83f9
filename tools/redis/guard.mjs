import { spawn } from 'node:child_process';

/**
 * A shell that outlives us by a moment. It reads what is ours; when its input ends, because we ended, however that
 * was, it kills and removes what was not let go.
 */
const SCRIPT = `
while read -r verb id pid container folder; do
  case $verb in
    hold) held="$held $id"; eval "pid_$id=\\$pid; container_$id=\\$container; folder_$id=\\$folder" ;;
    free) eval "folder_$id=" ;;
  esac
done
for id in $held; do
  eval "pid=\\$pid_$id; container=\\$container_$id; folder=\\$folder_$id"
  [ -n "$folder" ] || continue
  [ "$container" = - ] || docker kill "$container" >/dev/null 2>&1
  [ "$pid" = - ] || kill -9 "$pid" 2>/dev/null
  rm -rf "$folder"
done
`;

/**
 * What is to end with us: a folder, and the process that works in it.
 *
 * @typedef {object} Ward
 * @property {string} folder
 * @property {number | undefined} [pid]
 * @property {string | undefined} [container] the Docker container, where the process is one
 */

/** The number of each folder under guard. @type {Map<string, number>} */
const wards = new Map();

/** @type {import('node:child_process').ChildProcessByStdio<import('node:stream').Writable, null, null> | undefined} */
let shell;
let lastId = 0;

function summon() {
  // A session of its own: what ends our process group is not to end the guard before it has done its work.
  const child = spawn('/bin/sh', ['-c', SCRIPT], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  child.unref();
  /** @type {import('node:net').Socket} */ (child.stdin).unref();
  child.stdin.on('error', () => undefined);
  return child;
}

/** Sees to it that a folder and its process end with us; said again, it is about the new process. @param {Ward} ward */
export function hold({ folder, pid, container }) {
  shell ??= summon();
  const id = wards.get(folder) ?? ++lastId;
  wards.set(folder, id);
  shell.stdin.write(`hold ${id} ${pid ?? '-'} ${container ?? '-'} ${folder}\n`);
}

/** Lets go of a folder whose process has ended. @param {string} folder */
export function letGo(folder) {
  const id = wards.get(folder);
  if (id === undefined) return;
  wards.delete(folder);
  shell?.stdin.write(`free ${id}\n`);
  if (wards.size > 0) return;
  shell?.stdin.end();
  shell = undefined;
}
