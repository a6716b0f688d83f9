import { Redis } from 'ioredis';

/** @typedef {{ name: string, sentAt: number, answeredAt: number }} Command */

/**
 * Does something, and tells the Redis commands of this process whose answers came before it was done: those that it waited for.
 *
 * @param {() => Promise<unknown>} work
 * @returns {Promise<Command[]>}
 */
export async function awaitedCommands(work) {
  /** @type {Command[]} */
  const commands = [];
  const known = new WeakSet();
  const original = Redis.prototype.sendCommand;
  /** @type {typeof original} */
  Redis.prototype.sendCommand = function (command, stream) {
    const sent = { name: command.name, sentAt: performance.now(), answeredAt: Infinity };
    // A command that waits for its connection comes by here twice.
    const isKnown = known.has(command);
    known.add(command);
    if (!isKnown) {
      commands.push(sent);
      const answered = () => (sent.answeredAt = performance.now());
      command.promise.then(answered, answered);
    }
    return original.call(this, command, stream);
  };
  try {
    await work();
  } finally {
    Redis.prototype.sendCommand = original;
  }
  return commands.filter(({ answeredAt }) => answeredAt !== Infinity);
}

/**
 * How many round trips follow one another: commands that are under way at the same time are one.
 *
 * @param {readonly Command[]} commands
 */
export function roundTrips(commands) {
  let count = 0;
  let free = -Infinity;
  for (const { sentAt, answeredAt } of commands.toSorted((a, b) => a.answeredAt - b.answeredAt)) {
    if (sentAt < free) continue;
    count += 1;
    free = answeredAt;
  }
  return count;
}
