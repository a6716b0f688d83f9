import { ManualClock } from './manual-clock.js';

describe('ManualClock', () => {
  it('moves both clocks together', async () => {
    const clock = new ManualClock(1_000_000);
    const monotonic = clock.monotonic();
    await clock.advance(1_500);
    expect(clock.now()).toBe(1_001_500);
    expect(clock.monotonic()).toBe(monotonic + 1_500);
  });

  it('fires due timers in order of time, then of arming, each at its own instant', async () => {
    const clock = new ManualClock(0);
    const fired: string[] = [];
    const note = (name: string) => () => fired.push(`${name}@${clock.now()}`);
    clock.setTimer(note('late'), 300);
    clock.setTimer(note('first'), 100);
    clock.setTimer(note('second'), 100);
    clock.setTimer(note('never'), 1_000);
    await clock.advance(300);
    expect(fired).toEqual(['first@100', 'second@100', 'late@300']);
    expect(clock.pendingTimers).toBe(1);
    expect(clock.now()).toBe(300);
  });

  it('lets what waits on a timer run before the next one fires', async () => {
    const clock = new ManualClock(0);
    const fired: string[] = [];
    const wait = (ms: number): Promise<void> =>
      new Promise((resolve) => {
        clock.setTimer(resolve, ms);
      });
    const work = async (): Promise<void> => {
      await wait(100);
      await Promise.resolve();
      fired.push(`step@${clock.now()}`);
      await wait(50);
      fired.push(`again@${clock.now()}`);
    };
    const done = work();
    clock.setTimer(() => fired.push(`timer@${clock.now()}`), 120);
    await clock.advance(200);
    await done;
    expect(fired).toEqual(['step@100', 'timer@120', 'again@150']);
  });

  it('does not fire a cancelled timer', async () => {
    const clock = new ManualClock();
    let fired = 0;
    clock.setTimer(() => (fired += 1), 10).cancel();
    await clock.advance(20);
    expect(fired).toBe(0);
    expect(clock.pendingTimers).toBe(0);
  });

  it('jumps the wall clock alone, forwards and back', async () => {
    const clock = new ManualClock(1_000_000);
    const monotonic = clock.monotonic();
    let fired = 0;
    clock.setTimer(() => (fired += 1), 10);
    clock.jumpWall(3_600_000);
    await clock.advance(0);
    expect(clock.now()).toBe(4_600_000);
    clock.jumpWall(-3_600_000);
    expect(clock.now()).toBe(1_000_000);
    expect(clock.monotonic()).toBe(monotonic);
    expect(fired).toBe(0);
  });

  it('stalls: time passes without timers, which fire late', async () => {
    const clock = new ManualClock(0);
    const fired: number[] = [];
    clock.setTimer(() => fired.push(clock.now()), 10);
    clock.stall(100);
    expect(fired).toEqual([]);
    await clock.advance(1);
    expect(fired).toEqual([100]);
    expect(clock.now()).toBe(101);
  });

  it('refuses to go back, and names a timer that loops', async () => {
    const clock = new ManualClock();
    await expect(clock.advance(-1)).rejects.toThrow(RangeError);
    await expect(clock.advance(Number.NaN)).rejects.toThrow(RangeError);
    const loop = (): void => void clock.setTimer(loop, 0);
    loop();
    await expect(clock.advance(1)).rejects.toThrow(/loop/);
  });
});
