import type { Clock } from './clock.js';
import { StoreTime } from './store-time.js';

describe('StoreTime', () => {
  let wall = 1_000_000;
  let monotonic = 50;
  const clock: Clock = {
    now: () => wall,
    monotonic: () => monotonic,
    setTimer: () => ({ cancel: () => undefined }),
  };
  const pass = (ms: number): void => {
    wall += ms;
    monotonic += ms;
  };

  it('goes on from the last answer of the store by monotonic time', async () => {
    const time = new StoreTime(clock, () => Promise.resolve(9_000_000));
    await time.read();
    pass(1_500);
    expect(time.now()).toBe(9_001_500);
    wall += 3_600_000;
    expect(time.now()).toBe(9_001_500);
  });

  it('fault 64: notices a clock that was set and a machine that slept', async () => {
    const time = new StoreTime(clock, () => Promise.resolve(9_000_000));
    await time.read();
    expect(time.diverged()).toBe(false);
    wall += 1_900;
    expect(time.diverged()).toBe(false);
    wall -= 5_000;
    expect(time.diverged()).toBe(true);
    await time.read();
    expect(time.diverged()).toBe(false);
  });

  it('takes the later of both clocks while the store is away', async () => {
    const time = new StoreTime(clock, () => Promise.reject(new Error('away')));
    const before = time.now();
    wall += 60_000;
    await time.read();
    expect(time.now()).toBe(before + 60_000);
    wall -= 90_000;
    await time.read();
    expect(time.now()).toBe(before + 60_000);
  });

  it('reads once for many who ask at once', async () => {
    let reads = 0;
    const time = new StoreTime(clock, () => Promise.resolve(++reads));
    await Promise.all([time.read(), time.read(), time.read()]);
    expect(reads).toBe(1);
  });
});
