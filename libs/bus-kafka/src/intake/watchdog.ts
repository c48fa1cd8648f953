import type { Clock, Log } from '@vouchsafe/runtime';
import type { GroupLag } from './lag.js';

type Watched = { readonly groupId: string; restart(reason: unknown): void };
export type WatchdogOptions = {
  readonly watched: () => readonly Watched[];
  readonly lagOf: (groupId: string) => Promise<GroupLag>;
  /** Behind, and nothing committed for so long: begun anew. */
  readonly stalledMs: number;
  readonly everyMs: number;
  readonly clock: Clock;
  readonly log: Log;
};
type Seen = { committed: number; since: number };

/** Begins consumers anew that are behind and commit nothing: whatever the reason, clients are known to fall silent. */
export const startWatchdog = (options: WatchdogOptions): { stop(): Promise<void> } => {
  const abort = new AbortController();
  const running = watch(options, abort.signal);
  return {
    stop: async () => {
      abort.abort();
      await running;
    },
  };
};

const watch = async ({ watched, lagOf, stalledMs, everyMs, clock, log }: WatchdogOptions, signal: AbortSignal): Promise<void> => {
  const seen = new Map<string, Seen>();
  for (;;) {
    await clock.sleep(everyMs, signal);
    if (signal.aborted) return;
    for (const intake of watched()) {
      const { groupId } = intake;
      try {
        const { lag, committed } = await lagOf(groupId);
        const before = seen.get(groupId);
        const now = clock.monotonicMs();
        if (lag === 0 || !before || before.committed !== committed) seen.set(groupId, { committed, since: now });
        else if (now - before.since >= stalledMs) {
          log.error({ group: groupId, lag, stalledMs: now - before.since }, 'CONSUMER_STALLED: a consumer is behind and gets nowhere; it begins anew');
          seen.delete(groupId);
          intake.restart(`behind by ${lag}, nothing committed for ${Math.round(now - before.since)} ms`);
        }
      } catch (error) {
        log.warn({ group: groupId, error: String(error) }, 'the lag of a consumer could not be looked up');
      }
    }
  }
};
