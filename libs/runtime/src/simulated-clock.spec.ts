import { instant } from '@vouchsafe/kernel';
import fc from 'fast-check';
import { simulatedClock } from './simulated-clock.js';
import { clockTimers } from './timers.js';

const START = instant(1_767_225_600_000);

it('stands still until it is told to go on', async () => {
  const clock = simulatedClock(START);
  let woken = false;
  void clock.sleep(1).then(() => (woken = true));
  await new Promise<void>((resolve) => setImmediate(resolve));
  expect([woken, clock.now(), clock.monotonicMs(), clock.sleeping]).toEqual([false, START, 0, 1]);
  await clock.advance(1);
  expect([woken, clock.now(), clock.monotonicMs(), clock.sleeping]).toEqual([true, START + 1, 1, 0]);
});

it('wakes sleepers in the order of their times, those included that fall asleep meanwhile', async () => {
  const clock = simulatedClock(START);
  const woken: [string, number][] = [];
  const sleeper = async (name: string, ...naps: readonly number[]): Promise<void> => {
    for (const nap of naps) {
      await clock.sleep(nap);
      woken.push([name, clock.monotonicMs()]);
    }
  };
  void sleeper('a', 30, 30, 30);
  void sleeper('b', 10, 10, 70);
  void sleeper('c', 60);
  await clock.advance(85);
  expect(woken).toEqual([['b', 10], ['b', 20], ['a', 30], ['c', 60], ['a', 60]]);
  await clock.advance(5);
  expect(woken.slice(5)).toEqual([['b', 90], ['a', 90]]);
});

it('lets a sleeper go at once whose signal is aborted', async () => {
  const clock = simulatedClock(START);
  const abort = new AbortController();
  const slept = clock.sleep(1000, abort.signal);
  abort.abort();
  await slept;
  await clock.sleep(1000, abort.signal);
  expect([clock.monotonicMs(), clock.sleeping]).toEqual([0, 0]);
});

it('forgets those who were woken early, however many', async () => {
  const clock = simulatedClock(START);
  let woken = 0;
  for (let i = 0; i < 2000; i++) {
    const abort = new AbortController();
    const early = i % 10 !== 0;
    void clock.sleep(1000 - (i % 7), abort.signal).then(() => (woken += early ? 0 : 1));
    if (early) abort.abort();
  }
  expect(clock.sleeping).toBe(200);
  await clock.advance(1000);
  expect([woken, clock.sleeping]).toEqual([200, 0]);
});

it('jumps with the wall clock alone', async () => {
  const clock = simulatedClock(START);
  let woken = false;
  void clock.sleep(1000).then(() => (woken = true));
  clock.jump(-3_600_000);
  await clock.advance(999);
  expect([clock.now(), clock.monotonicMs(), woken]).toEqual([START - 3_600_000 + 999, 999, false]);
  await clock.advance(1);
  expect(woken).toBe(true);
});

it('leaps: a machine that slept for days wakes each of its timers once', async () => {
  const clock = simulatedClock(START);
  const runs: number[] = [];
  const stop = clockTimers(clock).every(1000, async () => void runs.push(clock.now()), () => {});
  let later = false;
  void clock.sleep(86_400_001).then(() => (later = true));
  await clock.advance(0);
  await clock.leap(86_400_000);
  expect([runs, clock.now(), later]).toEqual([[START + 86_400_000], START + 86_400_000, false]);
  await clock.leap(999);
  expect([runs.length, later]).toEqual([1, true]);
  await clock.leap(1);
  expect(runs).toHaveLength(2);
  await stop();
});

it('runs until work is done, and says so when that can never be', async () => {
  const clock = simulatedClock(START);
  const work = async (): Promise<string> => {
    for (let i = 0; i < 5; i++) await clock.sleep(60_000);
    return 'done';
  };
  expect(await clock.until(work())).toBe('done');
  expect(clock.monotonicMs()).toBe(300_000);
  await expect(clock.until(new Promise(() => {}))).rejects.toThrow('nobody sleeps');
  await expect(clock.until(Promise.reject(new Error('no')))).rejects.toThrow('no');
});

it('gives up when time passes and passes without an end', async () => {
  const clock = simulatedClock(START);
  const stop = clockTimers(clock).every(1, async () => {}, () => {});
  await expect(clock.until(new Promise(() => {}))).rejects.toThrow('however much time');
  await stop();
});

it('drives timers: never two runs at once, and none after the stop', async () => {
  const clock = simulatedClock(START);
  const runs: number[] = [];
  const errors: unknown[] = [];
  const stop = clockTimers(clock).every(100, async () => {
    runs.push(clock.monotonicMs());
    await clock.sleep(50);
    if (runs.length === 2) throw new Error('once');
  }, (error) => errors.push(error));
  await clock.advance(460);
  await stop();
  await clock.advance(1000);
  expect(runs).toEqual([100, 250, 400]);
  expect(errors).toHaveLength(1);
});

it('keeps any number of sleepers in order', async () => {
  await fc.assert(fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 50 }), { maxLength: 60 }), async (naps) => {
    const clock = simulatedClock(START);
    const woken: number[] = [];
    for (const nap of naps) void clock.sleep(nap).then(() => woken.push(nap));
    await clock.advance(50);
    expect(woken).toEqual(naps.toSorted((a, b) => a - b));
  }), { numRuns: 30 });
});
