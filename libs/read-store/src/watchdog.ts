import type { Stop, Timers } from '@vouchsafe/runtime';

const PERIOD_MS = 15_000;

/** Looks after followers, projections and publishers now and then: one whose lag stays without progress is told of and begun anew. */
export const startWatchdog = (options: {
  readonly timers: Timers;
  readonly watched: () => readonly { check(): void }[];
  readonly onError: (error: unknown) => void;
  readonly periodMs?: number;
}): Stop =>
  options.timers.every(options.periodMs ?? PERIOD_MS, async () => {
    for (const one of options.watched()) one.check();
  }, options.onError);
