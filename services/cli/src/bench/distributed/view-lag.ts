import { setTimeout as sleep } from 'node:timers/promises';
import { median } from '../report.js';

/** How old, in milliseconds, the newest event is that the slowest views have reached: in the middle, and at most. */
export type ViewLag = { readonly p50Ms: number; readonly maxMs: number };

const EVERY_MS = 500;
/** Those that every order concerns: one that hears of nothing cannot say how far it is. */
const SECONDS = /^vouchsafe_projection_lag_seconds\{[^}]*service="(?:order|ledger|inventory|redemption|risk|insight)"[^}]*part="views"[^}]*\} (\S+)$/;

/** What a process' figures say of its views, in milliseconds. */
export const lagIn = (metrics: string): number =>
  Math.max(0, ...metrics.split('\n').flatMap((line) => {
    const [, value] = SECONDS.exec(line) ?? [];
    return value === undefined ? [] : [Number(value) * 1000];
  }));

/** Does `work`, looking at the figures of all processes meanwhile. */
export const withLag = async <T>(metrics: readonly (() => Promise<string>)[], work: () => Promise<T>, everyMs = EVERY_MS): Promise<{ readonly result: T; readonly lag: ViewLag }> => {
  const seen: number[] = [];
  const over = new AbortController();
  const watching = (async () => {
    while (!over.signal.aborted) {
      const texts = await Promise.all(metrics.map((read) => read()));
      seen.push(Math.max(0, ...texts.map(lagIn)));
      await sleep(everyMs, undefined, { signal: over.signal }).catch(() => undefined); // ended early
    }
  })();
  const result = await work().finally(() => over.abort()).finally(() => watching);
  return { result, lag: { p50Ms: median(seen), maxMs: Math.max(0, ...seen) } };
};
