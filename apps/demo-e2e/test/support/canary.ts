import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';

/** What every canary holds: a text that has no business anywhere but on the wire. */
const MARK = 'canary-';

/** A secret that can be found wherever it leaks. Never print one. */
export const canary = (): string => `${MARK}${randomBytes(12).toString('hex')}`;

/** Everything that can be read off a value: its text, its JSON, what a log of it would show, and the same of its causes. */
export function everythingOf(value: unknown): string {
  const texts = [asJson(value), inspect(value, { depth: 10 })];
  if (typeof value === 'string') texts.push(value);
  if (value instanceof Error) {
    texts.push(String(value), value.message, value.stack ?? '');
    if (value.cause !== undefined) texts.push(everythingOf(value.cause));
  }
  return texts.join('\n');
}

/** Whether a text holds a canary, as it is or in base64, where it may begin at any of three places. */
export function holdsCanary(text: string): boolean {
  if (text.includes(MARK)) return true;
  return [0, 1, 2].some((shift) => {
    const shifted = Buffer.from(`${'x'.repeat(shift)}${MARK}`).toString('base64');
    // The first and last characters of the encoding also hold bits of the neighbours.
    const core = shifted.replace(/=+$/, '').slice(shift === 0 ? 0 : shift + 1, -1);
    return text.includes(core);
  });
}

function asJson(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    // A circle: `inspect` shows what is in it.
    return undefined;
  }
}
