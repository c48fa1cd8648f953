import { type Instant, instant } from '@vouchsafe/kernel';
import { type Clock, systemClock } from '@vouchsafe/runtime';

/** The machine's clock, overheard, and put wrong where a test wants it. */
export type WatchedClock = Clock & {
  /** Puts the time of day `ms` off, back too, as a bad time server would; durations do not notice. */
  jump(ms: number): void;
  /** What was asked of it during `work`: each time that was told, and each sleep. By {@link Clock.monotonicMs}. */
  overhear<T>(work: () => Promise<T>): Promise<{ readonly result: T; readonly told: readonly number[]; readonly sleeps: readonly Sleep[] }>;
};
/** From the time that was told last, which whoever sleeps for a rest has just asked for. */
export type Sleep = { readonly from: number; readonly until: number };

/** For tests of what hangs on time, without measuring any. */
export const watchedClock = (): WatchedClock => {
  const real = systemClock();
  let off = 0;
  let told: number[] = [];
  let sleeps: Sleep[] = [];
  const monotonicMs = (): number => {
    const now = real.monotonicMs();
    told.push(now);
    return now;
  };
  return {
    now: (): Instant => instant(real.now() + off),
    monotonicMs,
    sleep: (ms, signal) => {
      const from = told.at(-1) ?? real.monotonicMs();
      sleeps.push({ from, until: from + ms });
      return real.sleep(ms, signal);
    },
    jump: (ms) => { off += ms; },
    overhear: async (work) => {
      [told, sleeps] = [[], []];
      const result = await work();
      return { result, told, sleeps };
    },
  };
};
