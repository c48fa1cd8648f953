import type { Clock } from '@vouchsafe/runtime';

/** Waits for `work` no longer than `ms`; true when it settled in time. Leaves no timer behind. Rejects as `work` does. */
export const within = async (clock: Clock, ms: number, work: Promise<unknown>): Promise<boolean> => {
  const done = new AbortController();
  const [inTime] = await Promise.race([
    work.then(() => [true] as const).finally(() => done.abort()),
    clock.sleep(ms, done.signal).then(() => [false] as const),
  ]);
  return inTime;
};
