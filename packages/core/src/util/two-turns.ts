/**
 * Calls back when the event loop has polled its sockets at least once more, whatever phase it is in now: what lies in them unread, because
 * the loop was busy, has come in by then.
 *
 * @internal
 */
export function twoTurns(callback: () => void): void {
  setImmediate(() => {
    setImmediate(callback);
  });
}
