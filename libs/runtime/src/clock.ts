import { type Instant, instant } from '@vouchsafe/kernel';

/** Time from outside: real, or simulated so that a month is played in seconds. */
export interface Clock {
  /** The present. May jump back; order is never taken from it. */
  now(): Instant;
  /** Milliseconds that only grow within one process; for durations. */
  monotonicMs(): number;
  /** Settles after `ms`; with `signal` aborted it settles at once. Never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** True where time does not pass by itself: then nobody waits merely to gather more work. */
  readonly simulated?: boolean;
}

/** The machine's clock. */
export const systemClock = (): Clock => ({
  now: () => instant(Date.now()),
  monotonicMs: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const timer = setTimeout(done, ms);
      function done(): void {
        clearTimeout(timer);
        signal?.removeEventListener('abort', done);
        resolve();
      }
      signal?.addEventListener('abort', done, { once: true });
    }),
});
