import type { Clock } from '@oauth-token/core';
import { GapNotice } from './gap-notice.js';

describe('the notice of a gap', () => {
  let now: number;
  let sent: number;
  let failure: Error | undefined;
  let notice: GapNotice;

  beforeEach(() => {
    now = 0;
    sent = 0;
    failure = undefined;
    const clock = { monotonic: () => now } as Clock;
    notice = new GapNotice(clock, () => {
      sent += 1;
      return failure === undefined ? Promise.resolve() : Promise.reject(failure);
    });
  });

  it('is given once in two seconds, however many ask for it', async () => {
    await Promise.all([notice.tell(), notice.tell()]);
    now = 1_999;
    await notice.tell();
    expect(sent).toBe(1);
    now = 2_000;
    await notice.tell();
    expect(sent).toBe(2);
  });

  it('is tried again at once when it could not be given, and all who asked know', async () => {
    failure = new Error('away');
    const results = await Promise.allSettled([notice.tell(), notice.tell()]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    failure = undefined;
    await notice.tell();
    expect(sent).toBe(2);
  });
});
