import type { Clock } from './clock.js';

/** Ends what was started; settles when its last run is over. */
export type Stop = () => Promise<void>;

/** Repeated work on the injected clock. */
export interface Timers {
  /**
   * Runs `task` every `periodMs` after its previous run ended (never two at once), until stopped.
   * A rejection of `task` goes to `onError` and does not end the series.
   */
  every(periodMs: number, task: () => Promise<void>, onError: (error: unknown) => void): Stop;
}

export const clockTimers = (clock: Clock): Timers => ({
  every: (periodMs, task, onError) => {
    const abort = new AbortController();
    const loop = async (): Promise<void> => {
      for (;;) {
        await clock.sleep(periodMs, abort.signal);
        if (abort.signal.aborted) return;
        try {
          await task();
        } catch (error) {
          onError(error);
        }
      }
    };
    const done = loop();
    return async () => {
      abort.abort();
      await done;
    };
  },
});
